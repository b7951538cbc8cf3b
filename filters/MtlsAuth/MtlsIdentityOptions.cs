using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.MtlsAuth;

/// <summary>Somebody with a certificate. All that is said must fit it; of each list one is enough. A `*` stands for any text, once in a pattern.</summary>
public sealed record MtlsIdentityOptions : IValidatableObject
{
    /// <summary>URIs among its alternative names, e.g. `spiffe://example.com/ns/shop/*`.</summary>
    public IReadOnlyList<string> Uris { get; init; } = [];

    /// <summary>Host names among its alternative names, e.g. `*.agents.example.com`.</summary>
    public IReadOnlyList<string> DnsNames { get; init; } = [];

    /// <summary>Mail addresses among its alternative names.</summary>
    public IReadOnlyList<string> Emails { get; init; } = [];

    /// <summary>Distinguished names, e.g. `CN=agent-7, O=Example`.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];

    /// <summary>Distinguished names of who signed it.</summary>
    public IReadOnlyList<string> Issuers { get; init; } = [];

    /// <summary>SHA-256 fingerprints, 64 hexadecimal digits.</summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];

    /// <summary>What it is called. Default: its first URI, else host name, else mail address, else its distinguished name.</summary>
    public string? Name { get; init; }

    /// <summary>Its roles.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>More about it, e.g. `tenant: acme`: claims of the user, and metadata under `mtls`.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var pattern in Uris.Concat(DnsNames).Concat(Emails).Concat(Subjects).Concat(Issuers).Where(pattern => pattern.Count(c => c == '*') > 1 || pattern is "" or "*"))
        {
            yield return new($"'{pattern}' is no name with at most one '*' in it", [nameof(Uris)]);
        }

        foreach (var hash in Fingerprints.Where(hash => hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)))
        {
            yield return new($"'{hash}' is not 64 hexadecimal digits", [nameof(Fingerprints)]);
        }

        if (Claims.Keys.FirstOrDefault(name => name is "sub" or "roles" or "name") is { } taken)
        {
            yield return new($"the claim '{taken}' is made of the certificate", [nameof(Claims)]);
        }
    }
}
