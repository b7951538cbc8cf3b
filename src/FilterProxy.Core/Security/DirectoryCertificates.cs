using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>All certificates of a folder, which is watched: pairs that come, change or go are taken over.</summary>
[Component("directory")]
internal sealed class DirectoryCertificates : ICertificateSource
{
    private static readonly string[] Endings = [".pem", ".crt", ".cer"];
    private static readonly (string Cert, string Key)[] FolderPairs = [("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key")];

    private readonly CertificateIndex _index = new();

    public DirectoryCertificates(DirectoryCertificatesOptions options, ComponentContext context)
    {
        var folder = context.UseFile(options.Path);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"there is no folder {folder}");
        }

        var files = new CertificateFiles(new CertificateFileRules(options.Password, options.KeyPermissions, options.OcspStapling), context);
        foreach (var (name, load) in Find(folder, files))
        {
            var certificate = load();
            _index.Add(certificate);
            if (name == options.Default)
            {
                _index.Default = certificate;
            }
        }

        if (options.Default is not null && _index.Default is null)
        {
            throw new CryptographicException($"there is no certificate '{options.Default}' in {folder} to be the default");
        }

        if (_index.Certificates.Count == 0)
        {
            SecurityLog.EmptyFolder(context.Logger, folder);
        }
    }

    public IReadOnlyCollection<X509Certificate2> Certificates => _index.Certificates;

    public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout) => new(_index.Find(serverName));

    private static IEnumerable<(string Name, Func<SslStreamCertificateContext> Load)> Find(string folder, CertificateFiles files)
    {
        var shown = Visible(Directory.EnumerateFiles(folder)).ToList();
        var keys = shown.Where(path => Path.GetExtension(path) == ".key").ToHashSet(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in shown)
        {
            var name = Path.GetFileNameWithoutExtension(path);
            if (Path.GetExtension(path) is ".pfx" or ".p12")
            {
                yield return (name, () => files.FromPfx(path));
            }
            else if (Endings.Contains(Path.GetExtension(path)))
            {
                var key = Path.ChangeExtension(path, ".key");
                if (!keys.Contains(key))
                {
                    key = path;
                    if (!HoldsKey(path))
                    {
                        throw new CryptographicException($"the certificate {path} has no key: neither {Path.GetFileName(Path.ChangeExtension(path, ".key"))} beside it nor one in it");
                    }
                }
                else if (!used.Add(key))
                {
                    throw new CryptographicException($"two certificates in {folder} are called '{name}'");
                }

                yield return (name, () => files.FromPem(path, key));
            }
        }

        if (keys.FirstOrDefault(key => !used.Contains(key)) is { } alone)
        {
            throw new CryptographicException($"the key {alone} has no certificate beside it ({string.Join(", ", Endings)})");
        }

        foreach (var inner in Visible(Directory.EnumerateDirectories(folder)))
        {
            foreach (var (cert, key) in FolderPairs)
            {
                var (certPath, keyPath) = (Path.Combine(inner, cert), Path.Combine(inner, key));
                if (File.Exists(certPath) || File.Exists(keyPath))
                {
                    yield return (Path.GetFileName(inner), () => files.FromPem(certPath, keyPath));
                }
            }
        }
    }

    private static bool HoldsKey(string path) => File.ReadAllText(path).Contains("PRIVATE KEY-----", StringComparison.Ordinal);

    // Kubernetes and editors keep their own beside what is meant.
    private static IEnumerable<string> Visible(IEnumerable<string> paths) =>
        paths.Where(path => Path.GetFileName(path) is { Length: > 0 } name && name[0] != '.' && name[^1] != '~').Order(StringComparer.Ordinal);
}
