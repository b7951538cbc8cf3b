using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>Options of <see cref="UdpRelayService"/>.</summary>
public sealed record UdpRelayOptions : IValidatableObject
{
    /// <summary>Where datagrams go. The client's address is the key of a balancer that hashes (`consistent_hash`, `maglev`, `ip_hash`).</summary>
    public required string Cluster { get; init; }

    /// <summary>A client's session ends when neither side has sent anything for this long.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A session ends with this many answers to its last datagram, as with DNS after 1; 0 for never.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int Responses { get; init; }

    /// <summary>Sessions at a time; datagrams of further clients are dropped.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Sessions one address may have at a time; 0 for no limit.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int MaxSessionsPerClient { get; init; } = 1_000;

    /// <summary>Datagrams per second from one address; what comes beyond is dropped. 0 for no limit.</summary>
    [Range(0, 100_000_000, ErrorMessage = "must be between 0 and 100000000")]
    public int ClientRate { get; init; }

    /// <summary>The most bytes of a datagram; a longer one is dropped.</summary>
    public ByteSize MaxDatagram { get; init; } = new(65_507);

    /// <summary>Bytes the kernel may hold for each socket, both ways; null for its default.</summary>
    public ByteSize? SocketBuffer { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IdleTimeout < TimeSpan.FromMilliseconds(100) || IdleTimeout > TimeSpan.FromDays(1))
        {
            yield return new ValidationResult("idle_timeout must be between 100ms and 1d", [nameof(IdleTimeout)]);
        }

        if (MaxDatagram.Bytes is < 1 or > 65_535)
        {
            yield return new ValidationResult("max_datagram must be between 1 and 65535 bytes", [nameof(MaxDatagram)]);
        }

        if (SocketBuffer is { Bytes: < 4096 or > 1 << 30 })
        {
            yield return new ValidationResult("socket_buffer must be between 4KiB and 1GiB", [nameof(SocketBuffer)]);
        }
    }
}
