using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.IpAccess;

/// <summary>Options of <see cref="IpTagsFilter"/>.</summary>
public sealed record IpTagsOptions : IValidatableObject
{
    /// <summary>Files with a network and its tag a line, e.g. `203.0.113.0/24 NL`, `#` begins a comment. A change of a file is taken over. At least one.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What it is called: the tag is the metadata `ip/` with this name. Letters, digits, `_` and `-`. Default: tag.</summary>
    [RegularExpression("[A-Za-z0-9_-]{1,64}", ErrorMessage = "must be 1 to 64 letters, digits, '_' and '-'")]
    public string Name { get; init; } = "tag";

    /// <summary>The tag of addresses in no network. Default: none; they have no tag.</summary>
    public string? Otherwise { get; init; }

    /// <summary>A header that tells the upstream the tag; a client's own is taken away. Default: none.</summary>
    public string? Header { get; init; }

    /// <summary>Tags that may pass. With any, everybody else is refused. Default: everybody may.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Tags that are refused; goes before `allow`.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>Status of the refusal, 400 to 599. Default: 403.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 403;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Files.Count == 0)
        {
            yield return new("must name a file", [nameof(Files)]);
        }

        if (Header is not null && !HeaderName.IsToken(System.Text.Encoding.UTF8.GetBytes(Header)))
        {
            yield return new("this cannot be the name of a header", [nameof(Header)]);
        }

        if (Otherwise is not null && (Otherwise.Length is 0 or > 64 || Otherwise.Any(c => c is <= ' ' or > '~')))
        {
            yield return new("must be 1 to 64 visible ASCII characters without blanks", [nameof(Otherwise)]);
        }
    }
}
