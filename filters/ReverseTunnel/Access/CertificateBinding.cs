using System.Text.RegularExpressions;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>
/// Says whether a certificate is that of an agent: the name the agent would have is made and looked for. Nothing is read out of a certificate's names, so
/// nobody can have one that reads as two.
/// </summary>
internal sealed partial class CertificateBinding(TunnelCertificateOptions options)
{
    private readonly char[] _separators = SeparatorsOf(options.Name);

    public bool Fits(ClientCertificateDetails certificate, TunnelIdentity identity) =>
        IsBound(options.Node, identity.Node) && IsBound(options.Cluster, identity.Cluster) && IsBound(options.Tenant, identity.Tenant)
        && (options.Uri is { } uri ? certificate.Uris.Contains(NameOf(uri, identity), StringComparer.Ordinal)
            : options.DnsName is { } host ? certificate.DnsNames.Contains(NameOf(host, identity), StringComparer.Ordinal)
            : options.Subject is { } subject ? certificate.Subject == NameOf(subject, identity)
            : string.Equals(certificate.Sha256, options.Fingerprint, StringComparison.OrdinalIgnoreCase));

    private static bool IsBound(string? pattern, string text) => pattern is null || IdentityPattern.Fits(pattern, text);

    // A part that holds what stands between two of them could belong to either: a.b + c and a + b.c make one name. No certificate is such an agent's.
    private string? NameOf(string template, TunnelIdentity identity)
    {
        var placeholders = Placeholders.Count(template);
        if (placeholders > 1 && $"{identity.Node}{identity.Cluster}{identity.Tenant}".AsSpan().ContainsAny(_separators))
        {
            return null;
        }

        return template.Replace("{node}", identity.Node, StringComparison.Ordinal)
            .Replace("{cluster}", identity.Cluster, StringComparison.Ordinal)
            .Replace("{tenant}", identity.Tenant, StringComparison.Ordinal);
    }

    private static char[] SeparatorsOf(string template)
    {
        var found = new HashSet<char>();
        foreach (var match in Placeholders.EnumerateMatches(template))
        {
            var after = match.Index + match.Length;
            if (match.Index > 0)
            {
                found.Add(template[match.Index - 1]);
            }

            if (after < template.Length)
            {
                found.Add(template[after]);
            }
        }

        return [.. found];
    }

    [GeneratedRegex(@"\{(node|cluster|tenant)\}")]
    private static partial Regex Placeholders { get; }
}
