namespace FilterProxy.Core.Config;

/// <summary>What a client gets that asks for a name without a certificate.</summary>
internal enum UnknownServerName
{
    /// <summary>The default certificate, if there is one.</summary>
    Default,

    /// <summary>The alert <c>unrecognized_name</c>.</summary>
    Reject,
}
