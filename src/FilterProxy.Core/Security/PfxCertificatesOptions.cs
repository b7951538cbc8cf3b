namespace FilterProxy.Core.Security;

/// <summary>Options of <see cref="PfxCertificates"/>.</summary>
internal sealed record PfxCertificatesOptions
{
    /// <summary>The PKCS#12 file. Relative to the configuration file.</summary>
    public required string Path { get; init; }

    /// <summary>Its password, best as <c>${file:/run/secrets/…}</c>. Default: none.</summary>
    public string? Password { get; init; }

    /// <summary>Server names it is used for; <c>*.example.com</c> is exactly one label. Default: the names in the certificate.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Also used for clients that send no name, and for names no source knows. Default: false.</summary>
    public bool Default { get; init; }

    /// <summary>When others than its owner may read the file: <c>warn</c>, <c>error</c> (the configuration is refused) or <c>ignore</c>. Default: warn.</summary>
    public KeyPermissionRule KeyPermissions { get; init; }

    /// <summary>Asks the authority for the certificate's status (OCSP) and passes it on to clients. Default: false.</summary>
    public bool OcspStapling { get; init; }
}
