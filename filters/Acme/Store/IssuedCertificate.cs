using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FilterProxy.Filters.Acme.Store;

/// <summary>A certificate as the CA issued it, with its key and chain: one PEM text, which is what lies on disk.</summary>
internal sealed class IssuedCertificate
{
    private IssuedCertificate(string pem, X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        Pem = pem;
        Leaf = leaf;
        Chain = chain;
        Context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        Names = [.. leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames())];
    }

    /// <summary>The private key, the certificate, its intermediates.</summary>
    public string Pem { get; }

    public X509Certificate2 Leaf { get; }

    /// <summary>The intermediates.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>For handshakes.</summary>
    public SslStreamCertificateContext Context { get; }

    public IReadOnlyList<string> Names { get; }

    public DateTimeOffset NotBefore => new(Leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    public DateTimeOffset NotAfter => new(Leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>What the CA calls it when asked about its renewal (RFC 9773 §4.1); null when it has no authority key identifier.</summary>
    public string? RenewalId =>
        Leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is { } issuer
            ? $"{Client.Base64.Encode(issuer.Span)}.{Client.Base64.Encode(Leaf.SerialNumberBytes.Span)}"
            : null;

    /// <summary>Reads one from disk, or puts one together.</summary>
    /// <exception cref="CryptographicException">It is none, or key and certificate do not belong together. <see cref="ArgumentException"/> likewise.</exception>
    public static IssuedCertificate FromPem(string pem)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        using var withKey = X509Certificate2.CreateFromPem(pem, pem);

        // A key straight from PEM is ephemeral, which some platforms' TLS refuses; the round trip makes it usable everywhere.
        var leaf = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
        chain.RemoveAt(0);
        return new IssuedCertificate(pem, leaf, chain);
    }

    /// <summary>Puts the text together that <see cref="FromPem"/> reads.</summary>
    public static string Join(AsymmetricAlgorithm key, string chain) => new StringBuilder()
        .Append(key.ExportPkcs8PrivateKeyPem()).Append('\n').Append(chain.ReplaceLineEndings("\n").Trim()).Append('\n').ToString();

    public bool Covers(string serverName) => Names.Any(name => DomainName.Covers(name, serverName));

    /// <summary>Whether it is for exactly these names.</summary>
    public bool IsFor(IEnumerable<string> names) => Names.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(names);
}
