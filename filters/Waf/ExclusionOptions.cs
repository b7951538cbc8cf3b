using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Waf;

/// <summary>Rules that are not asked, or values they do not look at.</summary>
public sealed record ExclusionOptions : IValidatableObject
{
    /// <summary>Numbers of rules, and ranges of them: `[942100, 942200-942299]`.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Tags of rules as regular expressions, e.g. `attack-sqli`.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>What those rules do not look at, e.g. `ARGS:password`; without any they are not asked at all.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The beginning of the paths this holds for. Default: `/`.</summary>
    public string Path { get; init; } = "/";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Rules.Count == 0 && Tags.Count == 0)
        {
            yield return new("rules or tags must say which rules");
        }

        if (!Path.StartsWith('/'))
        {
            yield return new("must begin with '/'", [nameof(Path)]);
        }
    }
}
