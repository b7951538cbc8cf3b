using System.ComponentModel.DataAnnotations;
using System.Net;

namespace FilterProxy.Filters.UserAgentAccess;

/// <summary>A program that says who it is and comes from networks that its maker publishes.</summary>
public sealed record CrawlerOptions : IValidatableObject
{
    /// <summary>What metadata and operators call it.</summary>
    [Required(ErrorMessage = "name must not be empty")]
    [MaxLength(64, ErrorMessage = "must have at most 64 characters")]
    public string Name { get; init; } = "";

    /// <summary>Texts one of which its User-Agent holds, e.g. `Googlebot`; case does not count. At least one.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [];

    /// <summary>Networks it comes from.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];

    /// <summary>Files with such networks, one a line, `#` begins a comment. A change of a file is taken over.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Agents.Count == 0 || Agents.Any(text => text.Length == 0 || text.Any(c => c is < ' ' or > '~')))
        {
            yield return new("must be visible ASCII and not empty, at least one", [nameof(Agents)]);
        }

        if (Networks.Count + Files.Count == 0)
        {
            yield return new("networks or files must say where it comes from");
        }
    }
}
