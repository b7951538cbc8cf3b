using FilterProxy.Core.Clusters;
using FilterProxy.Core.Config;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core;

/// <summary>
/// Configurations that were replaced and may still be in use. Nobody counts who uses them, which would cost every request a shared
/// counter; the connections are looked through instead, and what only such a configuration has is ended when no exchange and no
/// connection filter runs under it any more.
/// </summary>
internal sealed class RetiredConfigs(ProxyServices services) : IHeartbeatTarget
{
    private const long Pause = 500;
    private readonly Lock _lock = new();
    private readonly List<Retired> _retired = [];
    private CompiledConfig? _current;
    private long _lookAt;
    private int _sweeping;

    /// <summary>How many are still in use.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _retired.Count;
            }
        }
    }

    /// <summary>Those still in use, and by what.</summary>
    public IReadOnlyList<HeldConfig> Read()
    {
        List<Retired> retired;
        HashSet<object> needed;
        lock (_lock)
        {
            retired = [.. _retired];
            needed = (_current?.Owned ?? []).ToHashSet<object>(ReferenceEqualityComparer.Instance);
        }

        return [.. retired.Select(r => new HeldConfig(
            r.Config.Snapshot.Version,
            r.ReplacedAt,
            services.Connections.CountOf(r.Config.Snapshot),
            r.Config.Listeners.Where(plan => plan.IsHeld).ToDictionary(plan => plan.Name, plan => Math.Max(plan.Hold.Count, plan.Handshakes.Count)),
            [
                .. r.Config.Components.Where(c => !needed.Contains(c.Instance)).Select(c => c.Place),
                .. r.Config.Clusters.Where(c => !needed.Contains(c.Value.Cluster)).Select(c => $"clusters.{c.Key}"),
            ],
            r.CutAt == long.MaxValue ? null : TimeSpan.FromMilliseconds(Math.Max(0, r.CutAt - services.Heartbeat.Now))))];
    }

    /// <summary>What still runs under each of them: version and exchanges.</summary>
    public IReadOnlyList<(long Version, int Exchanges)> Holders()
    {
        List<CompiledConfig> retired;
        lock (_lock)
        {
            retired = [.. _retired.Select(r => r.Config)];
        }

        return [.. retired.Select(c => (c.Snapshot.Version, services.Connections.CountOf(c.Snapshot)))];
    }

    /// <summary>The configurations in use: those replaced and the one in force.</summary>
    public IReadOnlyList<CompiledConfig> InUse
    {
        get
        {
            lock (_lock)
            {
                return [.. _retired.Select(r => r.Config).Append(_current).OfType<CompiledConfig>()];
            }
        }
    }

    /// <summary>Takes note of the configuration now in force.</summary>
    /// <param name="current">It.</param>
    /// <param name="grace">What still runs under the one before is cut after this long; zero or less leaves it alone.</param>
    public void Replace(CompiledConfig current, TimeSpan grace)
    {
        lock (_lock)
        {
            if (_current is not null)
            {
                var cutAt = grace > TimeSpan.Zero ? services.Heartbeat.DueAfter((long)grace.TotalMilliseconds) : long.MaxValue;
                _retired.Add(new Retired(_current, grace, cutAt) { ReplacedAt = services.Time.GetUtcNow() });
            }

            _current = current;
        }
    }

    public void OnHeartbeat(long now)
    {
        if (now >= _lookAt && Count > 0 && Interlocked.Exchange(ref _sweeping, 1) == 0)
        {
            _lookAt = now + Pause;
            _ = SweepAsync(now);
        }
    }

    /// <summary>Ends everything, in use or not: the engine is going.</summary>
    public async ValueTask EndAllAsync()
    {
        List<object> owned;
        lock (_lock)
        {
            owned = [.. _retired.Select(r => r.Config).Append(_current).OfType<CompiledConfig>().SelectMany(c => c.Owned).Distinct(ReferenceEqualityComparer.Instance)];
            _retired.Clear();
            _current = null;
        }

        await EndAsync(owned);
    }

    private async Task SweepAsync(long now)
    {
        // Off the heartbeat: others' deadlines must not wait for this.
        await Hop.OffLoop();
        try
        {
            await EndAsync(Release(now));
        }
        finally
        {
            Volatile.Write(ref _sweeping, 0);
        }
    }

    /// <summary>Forgets the configurations nobody uses, and returns what only they had.</summary>
    private List<object> Release(long now)
    {
        lock (_lock)
        {
            var free = _retired.Where(r => !IsHeld(r, now)).ToList();
            if (free.Count == 0)
            {
                return [];
            }

            _retired.RemoveAll(free.Contains);
            var needed = _retired.Select(r => r.Config).Append(_current!).SelectMany(c => c.Owned).ToHashSet(ReferenceEqualityComparer.Instance);
            return [.. free.SelectMany(r => r.Config.Owned).Distinct(ReferenceEqualityComparer.Instance).OfType<object>().Where(o => !needed.Contains(o))];
        }
    }

    private bool IsHeld(Retired retired, long now)
    {
        var held = services.Connections.IsHeld(retired.Config.Snapshot) || retired.Config.Listeners.Any(plan => plan.IsHeld);
        if (held && now >= retired.CutAt)
        {
            retired.CutAt = long.MaxValue;
            services.Log.RetiredCut(retired.Config.Snapshot.Version, retired.Grace);
            services.Connections.Abort(retired.Config.Snapshot);
        }

        return held;
    }

    private async ValueTask EndAsync(List<object> owned)
    {
        foreach (var thing in owned)
        {
            await EndAsync(thing);
        }
    }

    /// <summary>Ends one component, watcher or cluster.</summary>
    public async ValueTask EndAsync(object thing)
    {
        try
        {
            switch (thing)
            {
                case ProxyCluster cluster:
                    cluster.Close();
                    break;

                case IAsyncDisposable asynchronous:
                    await asynchronous.DisposeAsync();
                    break;

                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
        catch (Exception e)
        {
            services.Log.EndFailed(e, thing.GetType().Name);
        }
    }

    private sealed class Retired(CompiledConfig config, TimeSpan grace, long cutAt)
    {
        public CompiledConfig Config => config;

        public TimeSpan Grace => grace;

        public long CutAt { get; set; } = cutAt;

        public DateTimeOffset ReplacedAt { get; init; }
    }
}
