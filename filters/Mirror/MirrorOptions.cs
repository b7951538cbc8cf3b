using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Mirror;

/// <summary>Options of <see cref="MirrorFilter"/>.</summary>
public sealed record MirrorOptions
{
    /// <summary>The cluster that gets the copies.</summary>
    public required string Cluster { get; init; }

    /// <summary>Percent of the requests that are copied. Default: 100.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double Percent { get; init; } = 100;

    /// <summary>The longest body of a request that is copied. Default: 1MiB.</summary>
    public ByteSize MaxBody { get; init; } = ByteSize.FromMiB(1);

    /// <summary>Copies that may be under way; over it requests are not copied. Default: 100.</summary>
    [Range(1, 100_000, ErrorMessage = "must be between 1 and 100000")]
    public int MaxInFlight { get; init; } = 100;

    /// <summary>Duration of a copy, the answer's head included; over it it is given up. Default: 10s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The header that marks copies; empty for none. Default: x-mirrored.</summary>
    public string Header { get; init; } = "x-mirrored";
}
