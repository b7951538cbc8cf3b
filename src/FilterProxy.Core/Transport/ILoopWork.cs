namespace FilterProxy.Core.Transport;

/// <summary>What calls filters on an event loop and can name the one it is calling.</summary>
internal interface ILoopWork
{
    /// <summary>What it belongs to: two proxies of a process share the loops.</summary>
    object Owner { get; }

    /// <summary>The filter being called now; null between calls. Read from other threads.</summary>
    string? Filter { get; }
}
