using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core;

/// <summary>
/// The engine as its host sees it: compiles configurations and puts them in force, one after the other, while it runs; stops.
/// </summary>
internal sealed class Engine : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly ProxyServices _services;
    private readonly Heartbeat _heartbeat;
    private readonly Meter _meter = new("FilterProxy");
    private readonly CancellationTokenSource _stop = new();
    private readonly PluginStore _plugins = new();
    private readonly ComponentEnvironment _environment;
    private readonly RetiredConfigs _configs;
    private readonly CertificateExpiry _expiry;
    private readonly LoopReports _loops;
    private readonly MetricsRegistry _registry;
    private readonly SemaphoreSlim _applying = new(1);
    private readonly DatagramListeners _datagrams;
    private ListenerManager? _listeners;
    private SnapshotStore? _snapshots;

    public Engine(EngineOptions options)
    {
        _options = options;
        _heartbeat = new Heartbeat(options.Time);
        _registry = new MetricsRegistry(_meter, options.Time, () => _heartbeat.Now);
        _services = new ProxyServices(
            _heartbeat,
            new Log(options.Loggers.CreateLogger("FilterProxy")),
            options.Time,
            options.InlineCompletions ? Environment.ProcessorCount : 1)
        {
            Metrics = new ExchangeMetrics(_registry, _meter),
            Limits = new LimitMetrics(_meter),
            Overload = new OverloadMetrics(_meter),
            Filters = new FilterMetrics(_meter),
            Tls = new TlsMetrics(_meter),
            Http2 = new Http2Metrics(_meter),
            Discovery = new DiscoveryMetrics(_meter),
        };
        Registry = new ComponentRegistry();
        ConfigMetrics = new ConfigMetrics(_meter);
        _environment = new ComponentEnvironment(
            options.Loggers, options.Time, _meter, options.ConfigDirectory, new ConcurrentDictionary<(string, Type), object>(), static _ => null,
            new Streams(_heartbeat, options.Time));
        _configs = new RetiredConfigs(_services);
        _datagrams = new DatagramListeners(_services);
        _heartbeat.Add(_configs);
        _expiry = new CertificateExpiry(() => Current?.Listeners ?? [], _services.Log, options.Time, _meter);
        _heartbeat.Add(_expiry);
        _loops = new LoopReports(_services, _meter, _services.Log);
        var loopWatch = new LoopWatch(_loops, options.Time);
        _heartbeat.Add(loopWatch);
        Overload = new OverloadWatch(_services.Load, loopWatch, new ProcessShares(), _services.Log, options.Time);
        _heartbeat.Add(Overload);
        _ = new OverloadGauges(_services.Load, Overload, _registry);
        _ = new EngineGauges(this, _configs, _registry, options.Time);
        _heartbeat.Add(new MetricsSweep(_services.Metrics, _configs));
        Exposition = new MetricsExposition(_registry);
        _registry.Start();
    }

    /// <summary>The components every configuration can name; hosts may add their own before <see cref="Compile"/>.</summary>
    public ComponentRegistry Registry { get; }

    /// <summary>The metrics as they are counted.</summary>
    public MetricsRegistry Metrics => _registry;

    /// <summary>Writes the metrics for who fetches them.</summary>
    public MetricsExposition Exposition { get; }

    /// <summary>Listeners that run.</summary>
    public IReadOnlyList<Listener> Listeners => _listeners?.Listeners ?? [];

    /// <summary>UDP listeners that run.</summary>
    public IReadOnlyList<DatagramListener> DatagramListeners => _datagrams.All;

    /// <summary>The configuration in force; null before the first.</summary>
    public CompiledConfig? Current { get; private set; }

    /// <summary>The snapshot in force.</summary>
    public ProxySnapshot? Snapshot => _snapshots?.Current;

    /// <summary>When the configuration in force took over, UTC.</summary>
    public DateTimeOffset AppliedAt { get; private set; }

    /// <summary>Replaced configurations that something still runs under.</summary>
    public int RetiredConfigs => _configs.Count;

    /// <summary>Those configurations, and what holds them.</summary>
    public IReadOnlyList<HeldConfig> HeldConfigs => _configs.Read();

    public ProxyServices Services => _services;

    /// <summary>What runs short, and what is done about it.</summary>
    public OverloadWatch Overload { get; }

    public ConfigMetrics ConfigMetrics { get; }

    /// <summary>
    /// Loads the plugins, then compiles; what is unchanged since the configuration in force is that one's. Nothing is changed by it.
    /// Null with the reasons in <paramref name="errors"/>.
    /// </summary>
    public CompiledConfig? Compile(ProxyConfig config, ConfigErrors errors)
    {
        var registry = Registry.Copy();
        var path = config.PluginPath is { } folder ? Path.Combine(_options.ConfigDirectory, folder) : _options.PluginPath;
        var plugins = new PluginLoader(path, registry, _plugins);
        foreach (var plugin in config.Plugins)
        {
            if (!plugins.TryLoad(plugin.Name, plugin.Sha256, out var error, plugin.Unloadable))
            {
                errors.Add(config.Places.Locate(plugin), error);
            }

            // Also where the configuration is refused for it: what is missing may come, and what is wrong may be mended.
            config.Sources.AddFile(PluginLoader.FileOf(path, plugin.Name));
        }

        return ConfigCompiler.Compile(config, Current, registry, _environment, _services, errors);
    }

    /// <summary>
    /// Puts a configuration in force: starts what is new of its components, binds what is new of its listeners, then swaps. Exchanges
    /// under way end under the one they began with.
    /// </summary>
    /// <param name="next">From <see cref="Compile"/>, with no other put in force since.</param>
    /// <exception cref="EngineException">Components or listeners did not start: all of them are named, and nothing has changed.</exception>
    public async Task ApplyAsync(CompiledConfig next)
    {
        await _applying.WaitAsync();
        try
        {
            if (_options.InlineCompletions)
            {
                await RuntimeLoop.StartAsync();
            }

            _snapshots ??= new SnapshotStore(next.Snapshot);
            _listeners ??= new ListenerManager(_snapshots, _services, _options.Loggers, _options.InlineCompletions, _options.Transport);
            ListenerChange listeners;
            IReadOnlyList<(DatagramListener Listener, DatagramPlan Plan)> datagrams = [];
            try
            {
                await StartAsync(next);
                datagrams = await _datagrams.PrepareAsync(next.Datagrams);
                listeners = await _listeners.PrepareAsync(next.Listeners);
            }
            catch (EngineException)
            {
                await _datagrams.AbandonAsync(datagrams);
                foreach (var created in NewParts(next).Concat(next.CreatedStates))
                {
                    await _configs.EndAsync(created);
                }

                throw;
            }

            await SwapAsync(next, listeners, datagrams);
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>
    /// Stops accepting, lets exchanges finish for at most <paramref name="grace"/>, and ends at once when none is left; what is
    /// still open then is cut.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (_services.Connections.Count > 0)
        {
            _services.Log.Draining(_services.Connections.Count, grace);
        }

        _services.BeginDrain();
        using var deadline = new CancellationTokenSource(grace);
        await using var cut = deadline.Token.Register(static state => ((ProxyServices)state!).Connections.Abort(), _services);

        // Kestrel closes its listening socket first, then waits for the connections to end.
        await (_listeners?.StopAsync(deadline.Token) ?? Task.CompletedTask);
        await _datagrams.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        await (_listeners?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _stop.CancelAsync();
        await _configs.EndAllAsync();
        _plugins.Dispose();
        _heartbeat.Dispose();
        _registry.Dispose();
        _meter.Dispose();
    }

    /// <summary>What is to be started before the swap: what works on a cluster that is in use already is started after it.</summary>
    private IEnumerable<object> NewParts(CompiledConfig next) =>
        next.Created.Concat(NewWatchers(next).Where(c => Before(c)?.Cluster != c.Cluster).Select(c => c.Watcher!));

    private IEnumerable<CompiledCluster> NewWatchers(CompiledConfig next) =>
        next.Clusters.Values.Where(c => c.Watcher is not null && Before(c)?.Watcher != c.Watcher);

    /// <summary>The cluster of the same name in the configuration in force.</summary>
    private CompiledCluster? Before(CompiledCluster cluster) => Current?.Clusters.GetValueOrDefault(cluster.Cluster.Name);

    private async Task StartAsync(CompiledConfig next)
    {
        var errors = new StartErrors();
        foreach (var startable in NewParts(next).OfType<IStartable>())
        {
            try
            {
                await StartAsync(startable, next.Config.Runtime.StartTimeout);
            }
            catch (Exception e)
            {
                var component = next.Components.FirstOrDefault(c => ReferenceEquals(c.Instance, startable));
                if (component is not null)
                {
                    _services.Filters.Failed(component.Key, "start");
                }

                errors.Add(startable, component?.Origin, e);
            }
        }

        errors.ThrowIfAny();
    }

    /// <summary>One that never comes back, or blocks, must not take the reload with it.</summary>
    private async Task StartAsync(IStartable startable, TimeSpan timeout)
    {
        var starting = OffLoopAsync();
        try
        {
            await starting.WaitAsync(timeout, _services.Time);
        }
        catch (TimeoutException) when (!starting.IsCompleted)
        {
            throw new TimeoutException($"it took longer than runtime.start_timeout, {timeout.TotalSeconds:0.###} s");
        }

        async Task OffLoopAsync()
        {
            await Hop.OffLoop();
            await startable.StartAsync(_stop.Token);
        }
    }

    private async Task SwapAsync(
        CompiledConfig next, ListenerChange listeners, IReadOnlyList<(DatagramListener Listener, DatagramPlan Plan)> datagrams)
    {
        var late = NewWatchers(next).Where(c => Before(c)?.Cluster == c.Cluster).Select(c => c.Watcher!).ToList();
        foreach (var cluster in next.Clusters.Values)
        {
            var before = Before(cluster);
            if (before?.Watcher != cluster.Watcher)
            {
                before?.Watcher?.Stop();
            }

            // What did not change keeps its picker, and with it whose turn it is.
            if (cluster.Endpoints is { } endpoints && before?.Cluster == cluster.Cluster && before.Config.Endpoints != cluster.Config.Endpoints)
            {
                cluster.Cluster.SetEndpoints(endpoints);
            }

            cluster.Cluster.Bind(next.Snapshot.Clusters);
            cluster.Cluster.Start();
        }

        _snapshots!.Swap(next.Snapshot);
        Current = next;
        AppliedAt = _options.Time.GetUtcNow();
        _expiry.Refresh();
        var metrics = next.Config.Telemetry.Metrics;
        _registry.Apply(metrics.Enabled, metrics.MaxSeries, [.. metrics.DurationBuckets.Select(bound => bound.TotalSeconds)]);
        _options.Export?.Apply(next.Config.Telemetry, _meter);
        _loops.Threshold = next.Config.Runtime.LoopWarning;
        _services.Load.Apply(OverloadCompiler.Compile(next.Config.Overload));
        _listeners!.Commit(listeners, next.Config.Runtime.ShutdownGrace);
        await _datagrams.CommitAsync(datagrams);
        _configs.Replace(next, next.Config.Runtime.ReloadGrace);
        foreach (var watcher in late)
        {
            await watcher.StartAsync(_stop.Token);
        }
    }
}
