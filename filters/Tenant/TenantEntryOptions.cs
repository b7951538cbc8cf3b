using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Tenant;

/// <summary>A tenant.</summary>
public sealed record TenantEntryOptions : IValidatableObject
{
    /// <summary>Its hosts, without ports.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Its paths, e.g. `/acme/*`.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Issuers whose tokens are its users': another's are refused (`jwt_auth` before this filter). Default: any.</summary>
    public IReadOnlyList<string> Issuers { get; init; } = [];

    /// <summary>The cluster its requests go to instead of the route's, where this filter is the route's.</summary>
    public string? Cluster { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var path in Paths.Where(path => !PathRule.TryParse(path, out _)))
        {
            yield return new($"'{path}' is no path like '/login' or '/acme/*'", [nameof(Paths)]);
        }

        foreach (var host in Hosts.Where(host => host.Length == 0 || host.Any(c => c is <= ' ' or > '~' or ':' or '/' or '*')))
        {
            yield return new($"'{host}' is no host without a port", [nameof(Hosts)]);
        }
    }
}
