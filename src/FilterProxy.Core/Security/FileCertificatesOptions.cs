namespace FilterProxy.Core.Security;

/// <summary>Options of <see cref="FileCertificates"/>.</summary>
internal sealed record FileCertificatesOptions
{
    /// <summary>PEM file with the certificate, followed by its intermediates. Relative to the configuration file.</summary>
    public required string Cert { get; init; }

    /// <summary>PEM file with the private key, in PKCS#8, PKCS#1 or SEC 1. Default: the same file as <c>cert</c>.</summary>
    public string? Key { get; init; }

    /// <summary>Password of an encrypted key, best as <c>${file:/run/secrets/…}</c>. Default: none.</summary>
    public string? Password { get; init; }

    /// <summary>Server names it is used for; <c>*.example.com</c> is exactly one label. Default: the names in the certificate.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Also used for clients that send no name, and for names no source knows. Default: false.</summary>
    public bool Default { get; init; }

    /// <summary>When others than its owner may read the key: <c>warn</c>, <c>error</c> (the configuration is refused) or <c>ignore</c>. Default: warn.</summary>
    public KeyPermissionRule KeyPermissions { get; init; }

    /// <summary>Asks the authority for the certificate's status (OCSP) and passes it on to clients. Default: false.</summary>
    public bool OcspStapling { get; init; }
}
