using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Work;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Options of <see cref="TunnelConnector"/>.</summary>
public sealed record TunnelConnectorOptions : IValidatableObject
{
    /// <summary>The agents' service that byte streams go to, as in their `tcp`; null where the cluster takes requests alone.</summary>
    public string? Service { get; init; }

    /// <summary>
    /// How byte streams travel: each on a connection of its own that the agent keeps ready (`work`), as HTTP/2 streams of its tunnels (`h2`), or `auto`: the
    /// first where such a connection is idle. Without `service`, how requests do: as HTTP/1.1 over such connections, one after the other on each (`work`), or as
    /// HTTP/2 streams.
    /// </summary>
    public TunnelTransport Transport { get; init; }

    /// <summary>Streams of an agent that may wait for room on its connections, or streams and requests for a work connection; over it they are refused with 503.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int MaxPending { get; init; } = 1024;

    /// <summary>How long they may wait; over it 503.</summary>
    public TimeSpan PendingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Service is { } service && !TunnelIdentity.IsPart(service))
        {
            yield return new("must be letters, digits, '-', '.', '_' and '~'", [nameof(Service)]);
        }

        if (PendingTimeout < TimeSpan.FromMilliseconds(1) || PendingTimeout > TimeSpan.FromHours(1))
        {
            yield return new("must be between 1ms and 1h", [nameof(PendingTimeout)]);
        }
    }
}
