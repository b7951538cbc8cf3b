using System.Security.Cryptography;

namespace FilterProxy.Filters.Jose;

/// <summary>A public key on one of the three NIST curves, and so for one algorithm alone (RFC 7518 §3.4).</summary>
internal sealed class EcJsonWebKey : JsonWebKey
{
    private readonly InstancePool<ECDsa> _instances;
    private readonly int _signatureLength;

    /// <exception cref="CryptographicException">The point is not on the curve.</exception>
    public EcJsonWebKey(string? id, int algorithms, ECParameters parameters)
        : base(id, algorithms)
    {
        _signatureLength = parameters.Q.X!.Length * 2;
        _instances = new InstancePool<ECDsa>(() => ECDsa.Create(parameters));
        _instances.Return(_instances.Rent());
    }

    public override bool IsSymmetric => false;

    protected override bool VerifyCore(JwsAlgorithm algorithm, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        // RFC 7518 §3.4: both numbers at full length, never DER.
        if (signature.Length != _signatureLength)
        {
            return false;
        }

        var ec = _instances.Rent();
        try
        {
            return ec.VerifyData(text, signature, JwsAlgorithms.HashOf(algorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            _instances.Return(ec);
        }
    }
}
