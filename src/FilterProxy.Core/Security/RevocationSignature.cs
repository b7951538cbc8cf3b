using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>Checks who signed a revocation list, for the algorithms authorities use (RFC 4055, RFC 5758).</summary>
internal static class RevocationSignature
{
    public static bool Holds(X509Certificate2 authority, string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) => algorithm switch
    {
        "1.2.840.113549.1.1.11" => Rsa(authority, signed, signature, HashAlgorithmName.SHA256),
        "1.2.840.113549.1.1.12" => Rsa(authority, signed, signature, HashAlgorithmName.SHA384),
        "1.2.840.113549.1.1.13" => Rsa(authority, signed, signature, HashAlgorithmName.SHA512),
        "1.2.840.10045.4.3.2" => Ecdsa(authority, signed, signature, HashAlgorithmName.SHA256),
        "1.2.840.10045.4.3.3" => Ecdsa(authority, signed, signature, HashAlgorithmName.SHA384),
        "1.2.840.10045.4.3.4" => Ecdsa(authority, signed, signature, HashAlgorithmName.SHA512),
        _ => throw new CryptographicException($"its signature algorithm {algorithm} is not supported"),
    };

    private static bool Rsa(X509Certificate2 authority, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature, HashAlgorithmName hash)
    {
        using var key = authority.GetRSAPublicKey();
        return key?.VerifyData(signed, signature, hash, RSASignaturePadding.Pkcs1) == true;
    }

    private static bool Ecdsa(X509Certificate2 authority, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature, HashAlgorithmName hash)
    {
        using var key = authority.GetECDsaPublicKey();
        return key?.VerifyData(signed, signature, hash, DSASignatureFormat.Rfc3279DerSequence) == true;
    }
}
