using System.Security.Cryptography;

namespace FilterProxy.Filters.Jose;

/// <summary>A public RSA key.</summary>
internal sealed class RsaJsonWebKey : JsonWebKey
{
    private readonly InstancePool<RSA> _instances;
    private readonly int _signatureLength;

    /// <exception cref="CryptographicException">The parameters are no key.</exception>
    public RsaJsonWebKey(string? id, int algorithms, RSAParameters parameters)
        : base(id, algorithms)
    {
        _instances = new InstancePool<RSA>(() => RSA.Create(parameters));
        var first = _instances.Rent();
        _signatureLength = (first.KeySize + 7) / 8;
        _instances.Return(first);
    }

    public override bool IsSymmetric => false;

    protected override bool VerifyCore(JwsAlgorithm algorithm, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        // RFC 8017 §8.1.2, §8.2.2: any other length is refused before it is looked at.
        if (signature.Length != _signatureLength)
        {
            return false;
        }

        var rsa = _instances.Rent();
        try
        {
            return rsa.VerifyData(
                text,
                signature,
                JwsAlgorithms.HashOf(algorithm),
                JwsAlgorithms.IsPss(algorithm) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            _instances.Return(rsa);
        }
    }
}
