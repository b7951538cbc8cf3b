using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.TlsInspector;

/// <summary>Options of <see cref="TlsInspectorFilter"/>.</summary>
public sealed record TlsInspectorOptions : IValidatableObject
{
    /// <summary>How long a client's whole ClientHello may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a ClientHello may be, up to 64KiB; a longer one closes the connection.</summary>
    public ByteSize MaxSize { get; init; } = ByteSize.FromKiB(16);

    /// <summary>Whether the fingerprint of the client's TLS library is worked out, in the form of JA4.</summary>
    public bool Fingerprint { get; init; }

    /// <summary>Clients that begin with something else than TLS: `pass` hands them on, `close` closes them.</summary>
    public NotTlsPolicy NotTls { get; init; } = NotTlsPolicy.Pass;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout < TimeSpan.FromMilliseconds(1) || Timeout > TimeSpan.FromMinutes(5))
        {
            yield return new ValidationResult("timeout must be between 1ms and 5m", [nameof(Timeout)]);
        }

        if (MaxSize.Bytes is < 512 or > TlsClientHello.LargestSize)
        {
            yield return new ValidationResult("max_size must be between 512 bytes and 64KiB", [nameof(MaxSize)]);
        }
    }
}
