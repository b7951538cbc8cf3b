using System.Security.Claims;
using System.Text;

namespace FilterProxy.Filters.MtlsAuth;

/// <summary>Who a certificate says a client is.</summary>
internal sealed class Identity
{
    /// <summary>Stands for certificates that are nobody's, so that a connection's is looked at once.</summary>
    public static readonly Identity Nobody = new("", [], []);

    private Identity(string name, string[] roles, (string Name, string Value)[] claims)
    {
        Name = name;
        Claims = claims;

        // A distinguished name may hold any character; a header may not.
        NameBytes = name.Any(char.IsControl) ? [] : Encoding.UTF8.GetBytes(name.Trim());
        User = new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim("sub", name), .. roles.Select(role => new Claim("roles", role)), .. claims.Select(claim => new Claim(claim.Name, claim.Value))], "mtls", "sub", "roles"));
    }

    public string Name { get; }

    public byte[] NameBytes { get; }

    public (string Name, string Value)[] Claims { get; }

    public ClaimsPrincipal User { get; }

    /// <summary>Whom a certificate belongs to; <see cref="Nobody"/> where it fits none of those there are.</summary>
    public static Identity Of(ClientCertificateDetails certificate, IReadOnlyList<MtlsIdentityOptions> known)
    {
        var fitting = known.FirstOrDefault(candidate => Fits(candidate, certificate));
        if (fitting is null && known.Count > 0)
        {
            return Nobody;
        }

        var name = fitting?.Name ?? certificate.Uris.Concat(certificate.DnsNames).Concat(certificate.EmailAddresses).FirstOrDefault() ?? certificate.Subject;
        return name.Length == 0 ? Nobody : new Identity(name, [.. fitting?.Roles ?? []], [.. (fitting?.Claims ?? new Dictionary<string, string>()).Select(claim => (claim.Key, claim.Value))]);
    }

    private static bool Fits(MtlsIdentityOptions options, ClientCertificateDetails certificate) =>
        FitsAny(options.Uris, certificate.Uris, StringComparison.Ordinal)
        && FitsAny(options.DnsNames, certificate.DnsNames, StringComparison.OrdinalIgnoreCase)
        && FitsAny(options.Emails, certificate.EmailAddresses, StringComparison.Ordinal)
        && FitsAny(options.Subjects, [certificate.Subject], StringComparison.Ordinal)
        && FitsAny(options.Issuers, [certificate.Issuer], StringComparison.Ordinal)
        && FitsAny(options.Fingerprints, [certificate.Sha256], StringComparison.OrdinalIgnoreCase);

    private static bool FitsAny(IReadOnlyList<string> patterns, IReadOnlyList<string> names, StringComparison comparison) =>
        patterns.Count == 0 || patterns.Any(pattern => names.Any(name => FitsPattern(pattern, name, comparison)));

    private static bool FitsPattern(string pattern, string name, StringComparison comparison)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? string.Equals(pattern, name, comparison)
            : name.Length >= pattern.Length - 1 && name.StartsWith(pattern[..star], comparison) && name.EndsWith(pattern[(star + 1)..], comparison);
    }
}
