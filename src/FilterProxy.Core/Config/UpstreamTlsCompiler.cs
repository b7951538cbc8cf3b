using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Components;

namespace FilterProxy.Core.Config;

/// <summary>Makes the TLS of a cluster of its configuration, and reads the files that names.</summary>
internal sealed class UpstreamTlsCompiler(string directory, Binding.BindingPlaces places, ConfigErrors errors)
{
    /// <summary>The files: with another content they make another cluster.</summary>
    public IReadOnlyList<FileStamp> FilesOf(UpstreamTlsConfig? config) =>
        [.. new[] { config?.Ca, config?.ClientCertificate?.Cert, config?.ClientCertificate?.Key }.OfType<string>().Select(file => FileStamp.Of(At(file)))];

    public TlsPolicy Compile(UpstreamTlsConfig? config) =>
        config is null ? new TlsPolicy() : new TlsPolicy(TrustOf(config), ClientCertificateOf(config), config.Insecure)
        {
            Versions = config.MinVersion switch
            {
                UpstreamTlsVersion.Tls12 => SslProtocols.Tls12 | SslProtocols.Tls13,
                UpstreamTlsVersion.Tls13 => SslProtocols.Tls13,
                _ => SslProtocols.None,
            },
        };

    private X509Certificate2Collection? TrustOf(UpstreamTlsConfig config)
    {
        if (config.Ca is not { } file)
        {
            return null;
        }

        var trust = new X509Certificate2Collection();
        try
        {
            trust.ImportFromPemFile(At(file));
            if (trust.Count == 0)
            {
                errors.Add(places.Locate(config, nameof(config.Ca)), $"there is no certificate in {file}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            errors.Add(places.Locate(config, nameof(config.Ca)), $"the certificates cannot be read: {e.Message}");
        }

        return trust;
    }

    private SslStreamCertificateContext? ClientCertificateOf(UpstreamTlsConfig config)
    {
        if (config.ClientCertificate is not { } own)
        {
            return null;
        }

        try
        {
            // The file may hold the certificates above it; they are sent along.
            var certificate = X509Certificate2.CreateFromPemFile(At(own.Cert), At(own.Key));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(At(own.Cert));
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            errors.Add(places.Locate(config, nameof(config.ClientCertificate)), $"the certificate cannot be read: {e.Message}");
            return null;
        }
    }

    private string At(string file) => Path.GetFullPath(Path.Combine(directory, file));
}
