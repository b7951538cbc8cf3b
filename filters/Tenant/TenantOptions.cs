using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.Tenant;

/// <summary>Options of <see cref="TenantFilter"/>.</summary>
public sealed record TenantOptions : IValidatableObject
{
    /// <summary>The tenants by name. Default: none is listed, and any name will do that the sources give.</summary>
    public IReadOnlyDictionary<string, TenantEntryOptions> Tenants { get; init; } = new Dictionary<string, TenantEntryOptions>();

    /// <summary>What tells the tenant; the first that does decides. Default: host.</summary>
    public IReadOnlyList<TenantSource> From { get; init; } = [TenantSource.Host];

    /// <summary>What must tell the same tenant, or the request is refused: with `claim` a user of one tenant cannot ask another's host.</summary>
    public IReadOnlyList<TenantSource> Confirm { get; init; } = [];

    /// <summary>Where the tenant stands in the host, e.g. `{tenant}.example.com`.</summary>
    public string? HostPattern { get; init; }

    /// <summary>Where it stands in the path, e.g. `/t/{tenant}/*`.</summary>
    public string? PathPattern { get; init; }

    /// <summary>Whether the part of the path before the `*` of `path_pattern` is cut off for the upstream. Default: false.</summary>
    public bool StripPath { get; init; }

    /// <summary>The claim that names the user's tenant; one of its values must be it. Default: tenant.</summary>
    public string Claim { get; init; } = "tenant";

    /// <summary>The header of the source `header`. Default: x-tenant.</summary>
    public string SourceHeader { get; init; } = "x-tenant";

    /// <summary>Request header that tells routes and the upstream the tenant; empty tells nothing. What clients send there is taken away. Default: x-tenant.</summary>
    public string Header { get; init; } = "x-tenant";

    /// <summary>Whether requests of no tenant, or of none that is listed, pass. Default: false.</summary>
    public bool Optional { get; init; }

    /// <summary>Status of requests without a tenant, 400 to 599. Default: 404.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 404;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (From.Count == 0)
        {
            yield return new("from must name a source", [nameof(From)]);
        }

        foreach (var name in Tenants.Keys.Where(name => !TenantName.IsName(name)))
        {
            yield return new($"'{name}' is no name of 1 to 63 lower-case letters, digits, '-' and '_'", [nameof(Tenants)]);
        }

        if (Tenants.Values.SelectMany(tenant => tenant.Hosts).GroupBy(host => host.ToLowerInvariant()).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return new($"the host '{twice.Key}' is two tenants'", [nameof(Tenants)]);
        }

        if (HostPattern is not null && (HostPattern.Split("{tenant}").Length != 2 || HostPattern.Contains(':', StringComparison.Ordinal)))
        {
            yield return new("must be like '{tenant}.example.com'", [nameof(HostPattern)]);
        }

        if (PathPattern is not null && !(PathPattern.StartsWith('/') && PathPattern.EndsWith("/{tenant}/*", StringComparison.Ordinal) && PathPattern.Split("{tenant}").Length == 2))
        {
            yield return new("must be like '/t/{tenant}/*'", [nameof(PathPattern)]);
        }

        if (StripPath && PathPattern is null)
        {
            yield return new("needs path_pattern", [nameof(StripPath)]);
        }

        foreach (var name in new[] { SourceHeader, Header }.Where(name => name.Length > 0 && !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))))
        {
            yield return new($"'{name}' is no header name", [nameof(Header)]);
        }

        var used = From.Concat(Confirm).ToHashSet();
        if (used.Contains(TenantSource.Host) && HostPattern is null && Tenants.Values.All(tenant => tenant.Hosts.Count == 0))
        {
            yield return new("the source host needs host_pattern, or hosts of tenants", [nameof(From)]);
        }

        if (used.Contains(TenantSource.Path) && PathPattern is null && Tenants.Values.All(tenant => tenant.Paths.Count == 0))
        {
            yield return new("the source path needs path_pattern, or paths of tenants", [nameof(From)]);
        }
    }
}
