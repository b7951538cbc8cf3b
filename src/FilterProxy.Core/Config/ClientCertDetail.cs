namespace FilterProxy.Core.Config;

/// <summary>A part of what X-Forwarded-Client-Cert says.</summary>
internal enum ClientCertDetail
{
    /// <summary>The distinguished name.</summary>
    Subject,

    /// <summary>The URIs among the alternative names.</summary>
    Uri,

    /// <summary>The host names among them.</summary>
    Dns,

    /// <summary>The whole certificate, as PEM with percent-encoding.</summary>
    Cert,
}
