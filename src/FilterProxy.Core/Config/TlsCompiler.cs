using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Security;

namespace FilterProxy.Core.Config;

/// <summary>Makes of a listener's <c>tls</c> what answers its handshakes.</summary>
internal sealed class TlsCompiler(ComponentFactory factory, ConfigErrors errors)
{
    private readonly List<FileStamp> _files = [];

    /// <summary>The files it was made of, besides those of the certificate sources.</summary>
    public IReadOnlyList<FileStamp> Files => _files;

    /// <param name="place">The listener's filter list.</param>
    /// <param name="component">The entry.</param>
    /// <param name="tls">Its options.</param>
    /// <param name="protocols">What the listener speaks.</param>
    public TlsSelector Compile(string place, ComponentConfig component, TlsOptions tls, IReadOnlyList<ListenerProtocol> protocols)
    {
        if (tls.Certificates.Count == 0)
        {
            errors.Add(component.Location, "tls needs at least one certificate", "certificates: [{ file: { cert: site.pem, key: site.key } }]");
        }

        var sources = tls.Certificates
            .Select(c => factory.Create(typeof(ICertificateSource), "certificate source", $"{place}.tls", c, out _))
            .OfType<ICertificateSource>()
            .ToList();
        return new TlsSelector(sources, new TlsRules
        {
            Versions = (tls.MinVersion == TlsVersion.Tls12 ? SslProtocols.Tls12 : 0) | (tls.MaxVersion == TlsVersion.Tls13 ? SslProtocols.Tls13 : 0),
            Ciphers = Ciphers(component, tls),
            Protocols = tls.ApplicationProtocols.Count > 0 ? [.. tls.ApplicationProtocols.Select(p => new SslApplicationProtocol(p))] : ProtocolsOf(protocols),
            Resumption = tls.SessionTickets,
            UnknownNameGetsDefault = tls.UnknownServerName == UnknownServerName.Default,
            Clients = Clients(component, tls.ClientCertificates),
        });
    }

    // The server's preference counts: HTTP/2 for whoever speaks it.
    private static List<SslApplicationProtocol> ProtocolsOf(IReadOnlyList<ListenerProtocol> protocols)
    {
        var names = new List<SslApplicationProtocol>();
        if (protocols.Contains(ListenerProtocol.Http2))
        {
            names.Add(SslApplicationProtocol.Http2);
        }

        if (protocols.Contains(ListenerProtocol.Http1) || (names.Count == 0 && protocols.Count > 0))
        {
            names.Add(SslApplicationProtocol.Http11);
        }

        return names;
    }

    private CipherSuitesPolicy? Ciphers(ComponentConfig component, TlsOptions tls)
    {
        var suites = new List<TlsCipherSuite>();
        foreach (var name in tls.CipherSuites)
        {
            if (Enum.TryParse<TlsCipherSuite>(name, ignoreCase: true, out var suite) && Enum.IsDefined(suite) && !char.IsAsciiDigit(name[0]))
            {
                suites.Add(suite);
            }
            else
            {
                errors.Add(component.Location, $"there is no cipher suite '{name}'", DidYouMean.Hint(name.ToUpperInvariant(), Enum.GetNames<TlsCipherSuite>(), "names of the IANA registry, as TLS_AES_128_GCM_SHA256"));
            }
        }

        if (suites.Count == 0)
        {
            return null;
        }

        var is13 = suites.Exists(s => Enum.GetName(s)!.StartsWith("TLS_AES_", StringComparison.Ordinal) || s == TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256);
        if (tls.MinVersion == TlsVersion.Tls13 && !is13)
        {
            errors.Add(component.Location, "none of the cipher suites is one of TLS 1.3", "e.g. TLS_AES_128_GCM_SHA256");
        }

        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            errors.Add(component.Location, "cipher_suites needs OpenSSL, which this platform does not use", "set them in the system's policy");
            return null;
        }

        try
        {
            return new CipherSuitesPolicy(suites);
        }
        catch (PlatformNotSupportedException e)
        {
            errors.Add(component.Location, $"cipher_suites: {e.Message}");
            return null;
        }
    }

    private ClientCertificateRules? Clients(ComponentConfig component, ClientCertificatesConfig? clients)
    {
        if (clients is null || clients.Mode == ClientCertificateMode.None)
        {
            return null;
        }

        var (trust, intermediates) = (new X509Certificate2Collection(), new X509Certificate2Collection());
        var authorities = new X509Certificate2Collection();
        foreach (var path in clients.Ca)
        {
            Read(component, path, "authorities", file => authorities.AddRange(ReadAuthorities(file)));
        }

        foreach (var authority in authorities)
        {
            (IsSelfSigned(authority) ? trust : intermediates).Add(authority);
        }

        var lists = new List<RevocationList>();
        foreach (var path in clients.Crl)
        {
            Read(component, path, "revocation list", file => lists.AddRange(RevocationList.ReadAll(File.ReadAllBytes(file), authorities)));
        }

        if (trust.Count == 0 && authorities.Count > 0)
        {
            errors.Add(component.Location, "none of the authorities of clients is self-signed: a chain could not end", "add the root to 'ca'");
        }

        return new ClientCertificateRules(trust, intermediates, factory.Environment.Time)
        {
            Required = clients.Mode == ClientCertificateMode.Required,
            VerifyDepth = clients.VerifyDepth,
            Revoked = lists.Count > 0 ? new RevocationLists(lists) : null,
        };
    }

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var read = new X509Certificate2Collection();
        read.ImportFromPemFile(file);
        return read.Count > 0 ? read : throw new CryptographicException("there is no certificate in it");
    }

    private static bool IsSelfSigned(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private void Read(ComponentConfig component, string path, string what, Action<string> read)
    {
        var file = Path.GetFullPath(Path.Combine(factory.Environment.ConfigDirectory, path));
        _files.Add(FileStamp.Of(file));
        try
        {
            read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            errors.Add(component.Location, $"the {what} {file} cannot be read: {e.Message}");
        }
    }
}
