namespace FilterProxy.Core.Config;

/// <summary>What becomes of X-Forwarded-Client-Cert.</summary>
internal enum ClientCertForwarding
{
    /// <summary>It is taken off.</summary>
    Sanitize,

    /// <summary>It is passed on from clients that showed a certificate.</summary>
    ForwardOnly,

    /// <summary>It is passed on from clients that showed a certificate, with theirs added.</summary>
    AppendForward,

    /// <summary>It is taken off, and the client's own certificate set.</summary>
    SanitizeSet,

    /// <summary>It is passed on from anyone.</summary>
    AlwaysForwardOnly,
}
