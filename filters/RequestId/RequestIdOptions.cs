using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.RequestId;

/// <summary>Options of <see cref="RequestIdFilter"/>.</summary>
public sealed record RequestIdOptions : IValidatableObject
{
    /// <summary>The header. Default: x-request-id.</summary>
    public string Header { get; init; } = "x-request-id";

    /// <summary>The form of ids made here: `hex` (32 digits), `uuid` (random) or `uuid7` (sorts by time). Default: uuid7.</summary>
    public RequestIdFormat Format { get; init; } = RequestIdFormat.Uuid7;

    /// <summary>Whether an id that came with the request is kept, when it is at most 128 letters, digits and `-._~:+/=@`. Default: true.</summary>
    public bool Accept { get; init; } = true;

    /// <summary>Whether the response says it too. Default: true.</summary>
    public bool Response { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!HeaderName.IsToken(System.Text.Encoding.UTF8.GetBytes(Header)))
        {
            yield return new($"'{Header}' is no header name", [nameof(Header)]);
        }
    }
}
