using System.ComponentModel.DataAnnotations;
using System.Net;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>Options of <see cref="ProxyProtocolFilter"/>.</summary>
public sealed record ProxyProtocolOptions : IValidatableObject
{
    /// <summary>Networks of the proxies whose word is taken, e.g. <c>10.0.0.0/8</c>. Peers on a unix socket are trusted: who may connect is the file's to say.</summary>
    public required IReadOnlyList<IPNetwork> Trusted { get; init; }

    /// <summary>Peers outside of <c>trusted</c>: <c>refuse</c> closes the connection, <c>pass</c> serves them without reading a header.</summary>
    public UntrustedPolicy Untrusted { get; init; } = UntrustedPolicy.Refuse;

    /// <summary>Close connections of trusted peers that do not begin with a header; false serves them as they are.</summary>
    public bool Required { get; init; } = true;

    /// <summary>How long the header, from accepting to its last byte, may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a header of version 2 may be, TLVs included. One of version 1 is at most 107 bytes.</summary>
    public ByteSize MaxSize { get; init; } = new(4096);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Trusted.Count == 0)
        {
            yield return new ValidationResult("trusted must name at least one network, or no connection would get through", [nameof(Trusted)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(1) || Timeout > TimeSpan.FromMinutes(5))
        {
            yield return new ValidationResult("timeout must be between 1ms and 5m", [nameof(Timeout)]);
        }

        // A pair of unix addresses must fit; the length behind the first 16 bytes has 16 bits.
        if (MaxSize.Bytes is < 232 or > 16 + ushort.MaxValue)
        {
            yield return new ValidationResult("max_size must be between 232 and 65551 bytes", [nameof(MaxSize)]);
        }
    }
}
