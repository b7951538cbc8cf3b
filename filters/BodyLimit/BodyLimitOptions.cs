using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.BodyLimit;

/// <summary>Options of <see cref="BodyLimitFilter"/>.</summary>
public sealed record BodyLimitOptions : IValidatableObject
{
    /// <summary>Size of a request body; a larger one gets 413. Default: no limit but `http.limits.request_body`.</summary>
    public ByteSize? Request { get; init; }

    /// <summary>Size of a response body; a larger one gets 502, or is cut when it is found out on the way. Default: no limit.</summary>
    public ByteSize? Response { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Request is null && Response is null)
        {
            yield return new("request or response must have a limit");
        }
    }
}
