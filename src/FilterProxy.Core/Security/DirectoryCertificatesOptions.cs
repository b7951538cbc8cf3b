namespace FilterProxy.Core.Security;

/// <summary>Options of <see cref="DirectoryCertificates"/>.</summary>
internal sealed record DirectoryCertificatesOptions
{
    /// <summary>
    /// The folder, relative to the configuration file. Pairs <c>name.pem</c> (or <c>.crt</c>, <c>.cer</c>) and <c>name.key</c>; <c>name.pem</c> with
    /// the key in it; <c>name.pfx</c>, <c>name.p12</c>; folders with <c>fullchain.pem</c> and <c>privkey.pem</c>, or <c>tls.crt</c> and <c>tls.key</c>.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>Password of all keys that are encrypted, and of PKCS#12 files. Default: none.</summary>
    public string? Password { get; init; }

    /// <summary>Which of them is used for clients that send no name, and for names no source knows: its file's name without ending. Default: none.</summary>
    public string? Default { get; init; }

    /// <summary>When others than its owner may read a key: <c>warn</c>, <c>error</c> (the configuration is refused) or <c>ignore</c>. Default: warn.</summary>
    public KeyPermissionRule KeyPermissions { get; init; }

    /// <summary>Asks the authorities for the certificates' status (OCSP) and passes it on to clients. Default: false.</summary>
    public bool OcspStapling { get; init; }
}
