using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>How connections to an endpoint are kept.</summary>
internal sealed record PoolConfig
{
    /// <summary>Connections opened ahead of need, per endpoint. Default: 0.</summary>
    [Range(0, 10_000, ErrorMessage = "must be between 0 and 10000")]
    public int Min { get; init; }

    /// <summary>Connections open at a time, per endpoint; 0 is no limit. Default: 0.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int Max { get; init; }

    /// <summary>Idle connections kept, per endpoint. Default: 256.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxIdle { get; init; } = 256;

    /// <summary>Duration an idle connection is kept; off keeps it. Default: 60s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Duration after which a connection is not used again; off uses it for ever. Default: 10m.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(10);
}
