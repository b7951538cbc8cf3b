using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Buffer;

/// <summary>Options of <see cref="BufferFilter"/>.</summary>
public sealed record BufferOptions : IValidatableObject
{
    /// <summary>Whether requests are received whole before the upstream hears of them. Default: false.</summary>
    public bool Request { get; init; }

    /// <summary>Whether responses are received whole before the client gets any of them. Event streams and gRPC are not. Default: false.</summary>
    public bool Response { get; init; }

    /// <summary>Size of a request that is buffered. Default: 1MiB.</summary>
    public ByteSize MaxRequest { get; init; } = ByteSize.FromMiB(1);

    /// <summary>Size of a response that is buffered. Default: 1MiB.</summary>
    public ByteSize MaxResponse { get; init; } = ByteSize.FromMiB(1);

    /// <summary>What becomes of a larger body: `pass` (it streams from there on) or `reject` (413 or 502). Default: pass.</summary>
    public OversizePolicy Larger { get; init; } = OversizePolicy.Pass;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Request && !Response)
        {
            yield return new("request or response must be true");
        }
    }
}
