using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>Options of <see cref="BodyRewriteFilter"/>.</summary>
public sealed record BodyRewriteOptions : IValidatableObject
{
    /// <summary>What is replaced in responses.</summary>
    public IReadOnlyList<SubstitutionRule> Response { get; init; } = [];

    /// <summary>What is replaced in request bodies.</summary>
    public IReadOnlyList<SubstitutionRule> Request { get; init; } = [];

    /// <summary>Media types of bodies that are changed; `text/*` is all of a kind. Default: text/html.</summary>
    public IReadOnlyList<string> ContentTypes { get; init; } = ["text/html"];

    /// <summary>Bytes a regular expression may match: so many are held back while a body streams. Default: 1KiB.</summary>
    public ByteSize MaxMatch { get; init; } = ByteSize.FromKiB(1);

    /// <summary>How many times longer than it came a compressed body may become, beyond its first MiB; a longer one is cut off. Default: 200.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int MaxRatio { get; init; } = 200;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Response.Count == 0 && Request.Count == 0)
        {
            yield return new("response or request must say what is replaced");
        }

        if (ContentTypes.FirstOrDefault(type => type.Split('/') is not [{ Length: > 0 }, { Length: > 0 }]) is { } wrong)
        {
            yield return new($"'{wrong}' is no media type like 'text/html' or 'text/*'", [nameof(ContentTypes)]);
        }

        if (MaxMatch.Bytes is < 1 or > 1 << 20)
        {
            yield return new("must be between 1 and 1MiB", [nameof(MaxMatch)]);
        }
    }
}
