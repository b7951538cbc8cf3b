using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>A limit on requests that follows the response times: it grows while they stay the same and shrinks as they grow.</summary>
internal sealed record AdaptiveLimitConfig
{
    /// <summary>No fewer requests than this. Default: 10.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int Min { get; init; } = 10;

    /// <summary>No more requests than this. Default: 1000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int Max { get; init; } = 1000;

    /// <summary>Times the usual response time that still counts as the same. Default: 1.5.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public double Tolerance { get; init; } = 1.5;
}
