namespace FilterProxy.Filters.TlsInspector;

/// <summary>What becomes of a client that speaks no TLS.</summary>
public enum NotTlsPolicy
{
    /// <summary>It is handed on.</summary>
    Pass,

    /// <summary>It is closed.</summary>
    Close,
}
