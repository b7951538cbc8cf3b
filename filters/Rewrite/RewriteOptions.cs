using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Rewrite;

/// <summary>Options of <see cref="RewriteFilter"/>.</summary>
public sealed record RewriteOptions : IValidatableObject
{
    /// <summary>Paths that are called something else upstream; the first rule that matches counts.</summary>
    public IReadOnlyList<RewriteRule> Rules { get; init; } = [];

    /// <summary>The path of every request, e.g. `/%REQ(x-tenant)%%PATH(NQ)%`. Default: the request's.</summary>
    public Template? Path { get; init; }

    /// <summary>Query parameters to set, replacing those of the same name. A value that is not there removes the parameter.</summary>
    public IReadOnlyDictionary<string, Template> SetQuery { get; init; } = new Dictionary<string, Template>();

    /// <summary>Query parameters to remove.</summary>
    public IReadOnlyList<string> RemoveQuery { get; init; } = [];

    /// <summary>Host of the request, with or without port; the upstream gets it where its cluster passes the client's on. Default: the request's.</summary>
    public Template? Host { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Rules.Count > 0 && Path is not null)
        {
            yield return new("rules and path both say what the path is: write one of them", [nameof(Path)]);
        }

        if (Rules.Count == 0 && Path is null && Host is null && SetQuery.Count == 0 && RemoveQuery.Count == 0)
        {
            yield return new("at least one of rules, path, set_query, remove_query and host must say what is rewritten");
        }

        if (SetQuery.Keys.Concat(RemoveQuery).Any(name => name.Length == 0))
        {
            yield return new("a query parameter must have a name");
        }
    }
}
