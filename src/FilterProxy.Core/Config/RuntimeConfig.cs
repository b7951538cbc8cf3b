namespace FilterProxy.Core.Config;

/// <summary>How the process itself runs.</summary>
internal sealed record RuntimeConfig
{
    /// <summary>Runs socket completions on the event loop instead of the thread pool: faster while no filter blocks. Read once, at start. Default: true.</summary>
    public bool InlineCompletions { get; init; } = true;

    /// <summary>Duration a component may take to start, in which a configuration is not in force yet; one that takes longer refuses it. Default: 30s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Duration that work in flight may take to finish at shutdown before it is cut; 0 cuts at once. Default: 30s.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Duration that exchanges begun under a replaced configuration may still run; <c>off</c> lets them end by themselves. Default: off.
    /// </summary>
    public TimeSpan ReloadGrace { get; init; }

    /// <summary>
    /// Duration a filter may hold an event loop before a metric and the log name it, no less than 100ms; <c>off</c> does not look.
    /// Default: 100ms.
    /// </summary>
    public TimeSpan LoopWarning { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Takes the configuration over when a file of it, or one it depends on such as a certificate, changes. SIGHUP does so in any
    /// case. Default: true.
    /// </summary>
    public bool Watch { get; init; } = true;
}
