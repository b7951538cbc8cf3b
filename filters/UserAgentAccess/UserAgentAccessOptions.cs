using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.UserAgentAccess;

/// <summary>Options of <see cref="UserAgentAccessFilter"/>.</summary>
public sealed record UserAgentAccessOptions : IValidatableObject
{
    /// <summary>Texts one of which User-Agent must hold, case does not count. With any, others are refused. Default: all may.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Texts User-Agent must not hold; goes before `allow`.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>Regular expressions one of which may match instead of a text of `allow`; case does not count.</summary>
    public IReadOnlyList<string> AllowRegex { get; init; } = [];

    /// <summary>Regular expressions that must not match.</summary>
    public IReadOnlyList<string> DenyRegex { get; init; } = [];

    /// <summary>
    /// Crawlers that are known by their networks: who has the name of one and comes from elsewhere is refused, who comes from there passes whatever
    /// the lists say.
    /// </summary>
    public IReadOnlyList<CrawlerOptions> Crawlers { get; init; } = [];

    /// <summary>Whether requests without User-Agent are refused. Default: false, unless there is an allow list.</summary>
    public bool? Required { get; init; }

    /// <summary>Status of the refusal, 400 to 599. Default: 403.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 403;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Allow.Count + Deny.Count + AllowRegex.Count + DenyRegex.Count + Crawlers.Count == 0 && Required != true)
        {
            yield return new("at least one of allow, deny, allow_regex, deny_regex, crawlers and required must say who is refused");
        }

        foreach (var (name, texts) in new[] { (nameof(Allow), Allow), (nameof(Deny), Deny) })
        {
            if (texts.Any(text => text.Length == 0 || text.Any(c => c is < ' ' or > '~')))
            {
                yield return new("must be visible ASCII and not empty", [name]);
            }
        }
    }
}
