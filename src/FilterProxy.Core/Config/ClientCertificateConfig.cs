namespace FilterProxy.Core.Config;

/// <summary>A certificate of our own, with its key.</summary>
internal sealed record ClientCertificateConfig
{
    /// <summary>PEM file of the certificate and those between it and the authority, relative to this file.</summary>
    public required string Cert { get; init; }

    /// <summary>PEM file of its key, not encrypted, relative to this file.</summary>
    public required string Key { get; init; }
}
