using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Rewrite;

/// <summary>A path that is called something else upstream.</summary>
public sealed record RewriteRule : IValidatableObject
{
    /// <summary>Regular expression for the path, without its query. Must match the whole path.</summary>
    public required string Path { get; init; }

    /// <summary>The new path; `$1` is the first group of `path`. What follows a `?` is put before the request's query.</summary>
    public required string To { get; init; }

    /// <summary>Whether the query of the request is kept. Default: true.</summary>
    public bool KeepQuery { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!To.StartsWith('/') || To.Any(c => c is <= ' ' or > '~' or '#'))
        {
            yield return new($"'{To}' must be a path that begins with '/' and holds visible ASCII without '#'; percent-encode the rest", [nameof(To)]);
        }
    }
}
