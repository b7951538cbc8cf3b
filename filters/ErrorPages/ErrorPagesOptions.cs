using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ErrorPages;

/// <summary>Options of <see cref="ErrorPagesFilter"/>.</summary>
public sealed record ErrorPagesOptions : IValidatableObject
{
    /// <summary>Statuses that get a page: `404`, `5xx` or `500-504`. Default: 4xx, 5xx.</summary>
    public IReadOnlyList<StatusRange> Statuses { get; init; } = [StatusRange.Parse("4xx"), StatusRange.Parse("5xx")];

    /// <summary>Whether errors answered here, by the engine or a filter, get a page. Default: true.</summary>
    public bool Local { get; init; } = true;

    /// <summary>Whether errors the upstream answers with get a page in place of its own. Default: false.</summary>
    public bool Upstream { get; init; }

    /// <summary>The page, with operators; what they give is escaped. Default: a plain one with status, reason code and request id.</summary>
    public Template? Html { get; init; }

    /// <summary>A file with the page, with operators, instead of `html`. A change of the file is taken over.</summary>
    public string? HtmlFile { get; init; }

    /// <summary>Files with pages for single statuses, by status: `{ 404: pages/404.html }`.</summary>
    public IReadOnlyDictionary<int, string> Pages { get; init; } = new Dictionary<int, string>();

    /// <summary>What a client gets that accepts HTML and JSON alike or says nothing: `html` or `json`. Default: html.</summary>
    public PageKind Otherwise { get; init; } = PageKind.Html;

    /// <summary>
    /// What the `type` of problem details begins with, before the reason code, e.g. `https://docs.example.com/errors/`. Default: none, which makes it `about:blank`.
    /// </summary>
    public string? ProblemType { get; init; }

    /// <summary>Whether pages and problem details say the reason code. Default: true.</summary>
    public bool ShowReason { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Html is not null && HtmlFile is not null)
        {
            yield return new("html and html_file are the same thing: write one of them", [nameof(HtmlFile)]);
        }

        if (Pages.Keys.FirstOrDefault(status => status is < 400 or > 599) is var wrong and not 0)
        {
            yield return new($"{wrong} is no status of an error", [nameof(Pages)]);
        }

        if (ProblemType is not null && !Uri.IsWellFormedUriString(ProblemType, UriKind.RelativeOrAbsolute))
        {
            yield return new($"'{ProblemType}' is no URI (RFC 9457 §3.1.1)", [nameof(ProblemType)]);
        }

        if (!Local && !Upstream)
        {
            yield return new("local or upstream errors must get a page", [nameof(Local)]);
        }
    }
}
