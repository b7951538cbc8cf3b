namespace FilterProxy.Core.Config;

/// <summary>The oldest version of TLS that is spoken to endpoints.</summary>
internal enum UpstreamTlsVersion
{
    /// <summary>TLS 1.2.</summary>
    Tls12,

    /// <summary>TLS 1.3.</summary>
    Tls13,
}
