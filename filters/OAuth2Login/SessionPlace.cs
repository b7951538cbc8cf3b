namespace FilterProxy.Filters.OAuth2Login;

/// <summary>Where sessions are kept.</summary>
public enum SessionPlace
{
    /// <summary>With the client, encrypted: every proxy with the same keys knows them.</summary>
    Cookie,

    /// <summary>In this process; the cookie names one. They end with the process.</summary>
    Memory,

    /// <summary>In redis; the cookie names one. All proxies with the same redis and keys share them, and a logout at one holds at all.</summary>
    Redis,
}
