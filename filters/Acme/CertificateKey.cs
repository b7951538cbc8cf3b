namespace FilterProxy.Filters.Acme;

/// <summary>The kind of private key certificates are asked for.</summary>
public enum CertificateKey
{
    /// <summary>ECDSA on P-256.</summary>
    P256,

    /// <summary>ECDSA on P-384.</summary>
    P384,

    /// <summary>RSA of 2048 bits.</summary>
    Rsa2048,

    /// <summary>RSA of 3072 bits.</summary>
    Rsa3072,

    /// <summary>RSA of 4096 bits.</summary>
    Rsa4096,
}
