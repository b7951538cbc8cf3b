using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>A certificate and key from PEM files, for the names in the certificate or those listed.</summary>
[Component("file")]
internal sealed class FileCertificates : ICertificateSource
{
    private readonly SslStreamCertificateContext _certificate;
    private readonly bool _isDefault;
    private readonly HashSet<string> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];

    public FileCertificates(FileCertificatesOptions options, ComponentContext context)
    {
        var chain = new X509Certificate2Collection();
        var certificate = context.UseFile(options.Cert);
        chain.ImportFromPemFile(certificate);
        using var withKey = X509Certificate2.CreateFromPemFile(certificate, context.UseFile(options.Key));

        // A key straight from PEM is ephemeral, which some platforms' TLS refuses; the round trip makes it usable everywhere.
        var leaf = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
        chain.RemoveAt(0);
        _certificate = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        _isDefault = options.Default;
        foreach (var name in options.Hosts.Count > 0 ? options.Hosts : NamesOf(leaf))
        {
            if (name.StartsWith("*.", StringComparison.Ordinal))
            {
                _suffixes.Add(name[1..]);
            }
            else
            {
                _exact.Add(name);
            }
        }
    }

    public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout) =>
        new((serverName.Length == 0 ? _isDefault : Fits(serverName)) ? _certificate : null);

    public IReadOnlyCollection<X509Certificate2> Certificates => [_certificate.TargetCertificate];

    private bool Fits(string serverName)
    {
        if (_exact.Contains(serverName))
        {
            return true;
        }

        // RFC 6125 §6.4.3: the star stands for exactly one label.
        var dot = serverName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _suffixes.Exists(s => s.AsSpan().Equals(serverName.AsSpan(dot), StringComparison.OrdinalIgnoreCase));
    }

    private static List<string> NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).ToList();
        if (names.Count == 0)
        {
            names.Add(certificate.GetNameInfo(X509NameType.DnsName, false));
        }

        return names;
    }
}

/// <summary>Options of <see cref="FileCertificates"/>.</summary>
internal sealed record FileCertificatesOptions
{
    /// <summary>PEM file with the certificate, followed by its intermediates. Relative to the configuration file.</summary>
    public required string Cert { get; init; }

    /// <summary>PEM file with the private key.</summary>
    public required string Key { get; init; }

    /// <summary>Server names it is used for. Default: the names in the certificate.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Also used for any other name, and for clients that send none. Default: false.</summary>
    public bool Default { get; init; }
}
