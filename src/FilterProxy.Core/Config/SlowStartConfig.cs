using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>How the share of an endpoint grows that is new, or healthy again.</summary>
internal sealed record SlowStartConfig
{
    /// <summary>Duration until it has all of its share. Default: 30s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>1 grows evenly, above it faster in the beginning. Default: 1.</summary>
    [Range(1, 10, ErrorMessage = "must be between 1 and 10")]
    public double Aggression { get; init; } = 1;

    /// <summary>Percent of its share it begins with. Default: 10.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public int MinWeight { get; init; } = 10;
}
