namespace FilterProxy.Host.Admin.Views;

/// <summary>The process as a whole.</summary>
internal sealed record StatsView
{
    public required string Version { get; init; }

    public required int Pid { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double UptimeSeconds { get; init; }

    /// <summary><c>ready</c>, <c>starting</c> or <c>stopping</c>.</summary>
    public required string State { get; init; }

    public required string ConfigFile { get; init; }

    /// <summary>The number of the configuration in force.</summary>
    public required long Snapshot { get; init; }

    /// <summary>Replaced configurations that something still runs under.</summary>
    public required int HeldSnapshots { get; init; }

    /// <summary>Client connections that speak HTTP now.</summary>
    public required int Connections { get; init; }

    /// <summary>Client connections accepted and not yet over.</summary>
    public required int Accepted { get; init; }

    /// <summary>Exchanges and relays on endpoints now.</summary>
    public required int InFlight { get; init; }

    public required string LogLevel { get; init; }

    public required ProcessView Process { get; init; }

    public static StatsView Of(ProxyControl control)
    {
        var engine = control.Engine;
        var inFlight = 0;
        foreach (var cluster in engine.Current?.Clusters.Values ?? [])
        {
            foreach (var endpoint in cluster.Cluster.Known.Span)
            {
                inFlight += endpoint.InFlight;
            }
        }

        return new StatsView
        {
            Version = CommandLine.Version,
            Pid = Environment.ProcessId,
            StartedAt = control.Started,
            UptimeSeconds = Math.Round((DateTimeOffset.UtcNow - control.Started).TotalSeconds, 1),
            State = control.NotReady is null ? "ready" : engine.Services.IsDraining || control.IsLeaving ? "stopping" : "starting",
            ConfigFile = control.File,
            Snapshot = engine.Current?.Snapshot.Version ?? 0,
            HeldSnapshots = engine.RetiredConfigs,
            Connections = engine.Services.Connections.Count,
            Accepted = engine.Services.ConnectionCounts.Total,
            InFlight = inFlight,
            LogLevel = LogLevelView.NameOf(control.Levels.Level),
            Process = ProcessView.Now(),
        };
    }
}

/// <summary>What the process uses.</summary>
/// <param name="CpuSeconds">Processor time since the start, of all threads.</param>
/// <param name="ResidentBytes">Memory it has resident.</param>
/// <param name="HeapBytes">Of this the managed heap.</param>
/// <param name="Threads">Threads of its pool.</param>
/// <param name="PoolQueue">Work that waits for one of them.</param>
/// <param name="Collections">Garbage collections by generation.</param>
/// <param name="PausePercent">Time that collections stopped everything for, of all time.</param>
internal sealed record ProcessView(
    double CpuSeconds, long ResidentBytes, long HeapBytes, int Threads, long PoolQueue, IReadOnlyList<int> Collections, double PausePercent)
{
    public static ProcessView Now() => new(
        Math.Round(Environment.CpuUsage.TotalTime.TotalSeconds, 2),
        Environment.WorkingSet,
        GC.GetTotalMemory(forceFullCollection: false),
        ThreadPool.ThreadCount,
        ThreadPool.PendingWorkItemCount,
        [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(GC.CollectionCount)],
        GC.GetGCMemoryInfo().PauseTimePercentage);
}
