namespace FilterProxy;

/// <summary>Why <see cref="HttpExchange.Aborted"/> was cancelled.</summary>
public enum AbortReason : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The client closed or reset its connection.</summary>
    ClientClosed,

    /// <summary>The route's deadline passed.</summary>
    RouteTimeout,

    /// <summary>The client was idle or too slow for a limit.</summary>
    ClientTimeout,

    /// <summary>The process is stopping hard.</summary>
    Shutdown,

    /// <summary>A filter called <see cref="HttpExchange.Abort"/>.</summary>
    Filter,
}
