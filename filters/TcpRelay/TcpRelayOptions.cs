using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>Options of <see cref="TcpRelayFilter"/>.</summary>
public sealed record TcpRelayOptions : IValidatableObject
{
    /// <summary>Where connections go that no rule is about; null for what `otherwise` says.</summary>
    public string? Cluster { get; init; }

    /// <summary>Rules in order: the first that is about a connection decides.</summary>
    public IReadOnlyList<RelayRuleOptions> Rules { get; init; } = [];

    /// <summary>What becomes of connections that no rule is about, where there is no `cluster`: `close`, or `next` for the filters behind this one, and HTTP.</summary>
    public RelayFallback Otherwise { get; init; } = RelayFallback.Close;

    /// <summary>How long neither side may send anything; `off` for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a connection may last; `off` for no limit.</summary>
    public TimeSpan MaxDuration { get; init; }

    /// <summary>Endpoints that are tried until one takes the connection.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>After this long without a byte the other machine is asked whether it is still there, on both sides; `off` for never.</summary>
    public TimeSpan Keepalive { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes per second from each client connection to its upstream; null for no limit.</summary>
    public ByteSize? UploadRate { get; init; }

    /// <summary>Bytes per second from the upstream to each client connection; null for no limit.</summary>
    public ByteSize? DownloadRate { get; init; }

    /// <summary>Rates that several connections share; null for none.</summary>
    public SharedRateOptions? SharedRate { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Cluster is null && Rules.Count == 0)
        {
            yield return new ValidationResult("tcp_relay needs a cluster, or rules that name some");
        }

        if (Cluster is not null && Otherwise != RelayFallback.Close)
        {
            yield return new ValidationResult("with cluster every connection is relayed: otherwise has no effect", [nameof(Otherwise)]);
        }

        foreach (var (name, time) in new[] { (nameof(IdleTimeout), IdleTimeout), (nameof(MaxDuration), MaxDuration), (nameof(Keepalive), Keepalive) })
        {
            if (time < TimeSpan.Zero || (time > TimeSpan.Zero && time < TimeSpan.FromMilliseconds(10)) || time > TimeSpan.FromDays(365))
            {
                yield return new ValidationResult("must be between 10ms and 365d, or off", [name]);
            }
        }

        foreach (var (name, rate) in new[] { (nameof(UploadRate), UploadRate), (nameof(DownloadRate), DownloadRate) })
        {
            if (rate is { Bytes: < 1 })
            {
                yield return new ValidationResult("must be at least 1 byte per second", [name]);
            }
        }
    }
}
