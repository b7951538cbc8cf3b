using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Rbac;

/// <summary>Which requests. All that is said must hold; of each list one is enough. What says nothing fits every request.</summary>
public sealed record RbacMatchOptions : IValidatableObject
{
    /// <summary>Paths, e.g. `/login`, `/admin/*`.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Methods, e.g. `GET`.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Users by the claim `sub`.</summary>
    public IReadOnlyList<string> Principals { get; init; } = [];

    /// <summary>Whether there is a user, or, if false, none.</summary>
    public bool? Authenticated { get; init; }

    /// <summary>Roles (`roles` or `role`), one of which the user has.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Scopes (`scope` or `scp`), all of which the user has.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Claims of the user: by name the values, one of which it has; none for any value.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Claims { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Networks the client is in.</summary>
    public IReadOnlyList<IPNetwork> Ip { get; init; } = [];

    /// <summary>Request headers: by name the values, one of which a line of it has; none for any. A client can write what it likes there.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Metadata of other filters: by `namespace:key` the values, one of which it has; none for any.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Metadata { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Times of the week.</summary>
    public RbacTimeOptions? Time { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var path in Path.Where(path => !PathRule.TryParse(path, out _)))
        {
            yield return new($"'{path}' is no path like '/login' or '/admin/*'", [nameof(Path)]);
        }

        foreach (var name in Headers.Keys.Where(name => !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))))
        {
            yield return new($"'{name}' is no header name", [nameof(Headers)]);
        }

        foreach (var name in Metadata.Keys.Where(name => name.IndexOf(':', StringComparison.Ordinal) is var colon && (colon <= 0 || colon == name.Length - 1)))
        {
            yield return new($"'{name}' is no namespace and key like 'jwt:tenant'", [nameof(Metadata)]);
        }
    }
}
