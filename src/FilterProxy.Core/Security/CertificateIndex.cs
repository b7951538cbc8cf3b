using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>Certificates by the server names they are for: exact names first, then wildcards of one label.</summary>
internal sealed class CertificateIndex
{
    private readonly Dictionary<string, SslStreamCertificateContext> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, SslStreamCertificateContext> _wildcards = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<X509Certificate2> _all = [];

    /// <summary>For every other name, and where there is none.</summary>
    public SslStreamCertificateContext? Default { get; set; }

    /// <summary>Each once.</summary>
    public IReadOnlyCollection<X509Certificate2> Certificates => _all;

    /// <summary>Adds one under its own names, or those given. Of two for one name the one that lasts longer is used.</summary>
    public void Add(SslStreamCertificateContext certificate, IReadOnlyList<string>? names = null)
    {
        _all.Add(certificate.TargetCertificate);
        foreach (var name in names is { Count: > 0 } ? names : NamesOf(certificate.TargetCertificate))
        {
            var (table, key) = name.StartsWith("*.", StringComparison.Ordinal) ? (_wildcards, name[1..]) : (_exact, name);
            if (!table.TryGetValue(key, out var other) || other.TargetCertificate.NotAfter < certificate.TargetCertificate.NotAfter)
            {
                table[key] = certificate;
            }
        }
    }

    /// <summary>The certificate for a name, or the default for the empty one.</summary>
    public SslStreamCertificateContext? Find(string serverName)
    {
        if (serverName.Length == 0)
        {
            return Default;
        }

        if (_exact.TryGetValue(serverName, out var certificate))
        {
            return certificate;
        }

        // RFC 6125 §6.4.3: the star stands for exactly one label.
        var dot = serverName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && TryFindWildcard(serverName[dot..], out certificate) ? certificate : null;
    }

    private bool TryFindWildcard(string suffix, [NotNullWhen(true)] out SslStreamCertificateContext? certificate) =>
        _wildcards.TryGetValue(suffix, out certificate);

    private static List<string> NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).ToList();
        if (names.Count == 0 && certificate.GetNameInfo(X509NameType.DnsName, false) is { Length: > 0 } common)
        {
            names.Add(common);
        }

        return names;
    }
}
