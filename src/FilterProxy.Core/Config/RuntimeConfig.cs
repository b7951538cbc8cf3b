namespace FilterProxy.Core.Config;

/// <summary>How the process itself runs. Read once, at start.</summary>
internal sealed record RuntimeConfig
{
    /// <summary>Runs socket completions on the event loop instead of the thread pool: faster while no filter blocks. Default: true.</summary>
    public bool InlineCompletions { get; init; } = true;

    /// <summary>Duration that work in flight may take to finish at shutdown before it is cut; 0 cuts at once. Default: 30s.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);
}
