using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>What the sessions of a `udp` service, or of a visitor's UDP port, are kept to.</summary>
public sealed record TunnelUdpOptions : IValidatableObject
{
    /// <summary>A client's session ends when neither side has sent anything for this long.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Sessions of a port at a time; datagrams of further clients are dropped. Each is a stream of a tunnel that requests need too, and a sender's address is easily forged:
    /// stay well below the agents' `max_streams`.
    /// </summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxSessions { get; init; } = 1_000;

    /// <summary>Sessions one address may have at a time; 0 for no limit.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int MaxSessionsPerClient { get; init; } = 100;

    /// <summary>Datagrams per second from one address; what comes beyond is dropped. 0 for no limit.</summary>
    [Range(0, 100_000_000, ErrorMessage = "must be between 0 and 100000000")]
    public int ClientRate { get; init; }

    /// <summary>Bytes of datagrams that may wait for a session's stream; what comes beyond is dropped.</summary>
    public ByteSize Queue { get; init; } = ByteSize.FromKiB(128);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IdleTimeout < TimeSpan.FromMilliseconds(100) || IdleTimeout > TimeSpan.FromDays(1))
        {
            yield return new("must be between 100ms and 1d", [nameof(IdleTimeout)]);
        }

        if (Queue.Bytes is < 65_536 or > 64 * 1024 * 1024)
        {
            yield return new("must be between 64KiB, so that the longest datagram fits, and 64MiB", [nameof(Queue)]);
        }
    }
}
