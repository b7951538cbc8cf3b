using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>Reads a certificate, its key and its intermediates from files, and says in words what is wrong with them.</summary>
internal sealed class CertificateFiles(CertificateFileRules rules, ComponentContext context)
{
    /// <summary>From PEM files, which may be one and the same.</summary>
    /// <param name="cert">Absolute path of the certificate, followed by its intermediates.</param>
    /// <param name="key">Absolute path of its private key.</param>
    public SslStreamCertificateContext FromPem(string cert, string key) => Guard(() =>
    {
        var chain = new X509Certificate2Collection();
        var text = Read(cert, "certificate");
        chain.ImportFromPem(text);
        if (chain.Count == 0)
        {
            throw new CryptographicException($"there is no certificate in {cert}");
        }

        KeyPermissions.Check(key, rules.KeyPermissions, context);
        using var pair = Join(chain[0], cert, key == cert ? text : Read(key, "private key"), key);
        chain[0].Dispose();
        chain.RemoveAt(0);
        return Finish(Usable(pair), chain, cert);
    });

    /// <summary>From a PKCS#12 file, which holds everything.</summary>
    public SslStreamCertificateContext FromPfx(string path) => Guard(() =>
    {
        KeyPermissions.Check(path, rules.KeyPermissions, context);
        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12Collection(ReadBytes(path, "PKCS#12 file"), rules.Password);
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException(rules.Password is null
                ? $"{path} cannot be read without a password, or is no PKCS#12 file: {e.Message}"
                : $"{path} cannot be read: the password is wrong, or it is no PKCS#12 file: {e.Message}");
        }

        var own = all.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException($"there is no private key in {path}");
        all.Remove(own);
        return Finish(own, all, path);
    });

    private X509Certificate2 Join(X509Certificate2 certificate, string cert, string keyText, string key)
    {
        if (keyText.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw new CryptographicException($"the key in {key} is encrypted in the old way of OpenSSL; convert it: openssl pkcs8 -topk8 -in {key}");
        }

        var isEncrypted = keyText.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal);
        if (isEncrypted && rules.Password is null)
        {
            throw new CryptographicException($"the key in {key} is encrypted: give its 'password', e.g. ${{file:/run/secrets/key-password}}");
        }

        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new CryptographicException($"there is no private key in {key}");
        }

        var pem = certificate.ExportCertificatePem();
        try
        {
            return isEncrypted
                ? X509Certificate2.CreateFromEncryptedPem(pem, keyText, rules.Password)
                : X509Certificate2.CreateFromPem(pem, keyText);
        }
        catch (Exception) when (isEncrypted && !IsOpenedBy(keyText, rules.Password))
        {
            throw new CryptographicException($"the key in {key} cannot be read: the password is wrong, or the file is damaged");
        }
        catch (Exception e) when (e is ArgumentException || e.Message.Contains("does not match", StringComparison.Ordinal))
        {
            throw new CryptographicException($"the key in {key} is not that of the certificate in {cert} (which must stand first in its file): {e.Message}");
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"the key in {key} cannot be read, or is not that of the certificate in {cert}: {e.Message}");
        }
    }

    // The runtime says the same of a wrong password and of a key of another certificate.
    private static bool IsOpenedBy(string keyText, string? password)
    {
        foreach (var make in (Func<AsymmetricAlgorithm>[])[ECDsa.Create, RSA.Create])
        {
            using var key = make();
            try
            {
                key.ImportFromEncryptedPem(keyText, password);
                return true;
            }
            catch (CryptographicException)
            {
                // Of the other kind, or not with this password.
            }
        }

        return false;
    }

    // A key straight from PEM is ephemeral, which some platforms' TLS refuses; the round trip makes it usable everywhere.
    private static X509Certificate2 Usable(X509Certificate2 pair) => X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);

    private SslStreamCertificateContext Finish(X509Certificate2 leaf, X509Certificate2Collection intermediates, string path)
    {
        // Served all the same: an expired certificate is bad for some clients, none at all for every one.
        var now = context.Time.GetUtcNow();
        if (leaf.NotAfter.ToUniversalTime() < now)
        {
            SecurityLog.Expired(context.Logger, path, leaf.NotAfter.ToUniversalTime());
        }
        else if (leaf.NotBefore.ToUniversalTime() > now)
        {
            SecurityLog.NotYetValid(context.Logger, path, leaf.NotBefore.ToUniversalTime());
        }

        return SslStreamCertificateContext.Create(leaf, intermediates, offline: !rules.OcspStapling);
    }

    private static string Read(string path, string what)
    {
        var bytes = ReadBytes(path, what);
        return System.Text.Encoding.Latin1.GetString(bytes);
    }

    private static byte[] ReadBytes(string path, string what)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message;
            throw new IOException($"the {what} {path} cannot be read: {reason}", e);
        }
    }

    private static SslStreamCertificateContext Guard(Func<SslStreamCertificateContext> load)
    {
        try
        {
            return load();
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException(e.Message, e);
        }
    }
}

/// <summary>How certificate files are read.</summary>
/// <param name="Password">Of the key; null for none.</param>
/// <param name="KeyPermissions">What happens when others than the owner can read the key.</param>
/// <param name="OcspStapling">Whether the authority is asked for the certificate's status.</param>
internal sealed record CertificateFileRules(string? Password, KeyPermissionRule KeyPermissions, bool OcspStapling);
