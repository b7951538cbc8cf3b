namespace FilterProxy.Core.Config;

/// <summary>How a listener's bytes are moved.</summary>
internal enum ListenerIo
{
    /// <summary>The fastest that serves what the listener needs.</summary>
    Auto,

    /// <summary>Kestrel's socket transport.</summary>
    Sockets,

    /// <summary>The engine's own transport.</summary>
    Direct,
}
