using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core;

/// <summary>The engine as its host sees it: compiles a configuration, starts it, stops it.</summary>
internal sealed class Engine : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly ProxyServices _services;
    private readonly Heartbeat _heartbeat;
    private readonly Meter _meter = new("FilterProxy");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Listener> _listeners = [];
    private CompiledConfig? _compiled;
    private SnapshotStore? _snapshots;

    public Engine(EngineOptions options)
    {
        _options = options;
        _heartbeat = new Heartbeat(options.Time);
        _services = new ProxyServices(
            _heartbeat,
            new Log(options.Loggers.CreateLogger("FilterProxy")),
            options.Time,
            options.InlineCompletions ? Environment.ProcessorCount : 1);
        Registry = new ComponentRegistry();
    }

    /// <summary>All components that can be named; hosts may add their own before <see cref="Compile"/>.</summary>
    public ComponentRegistry Registry { get; }

    /// <summary>Listeners that run.</summary>
    public IReadOnlyList<Listener> Listeners => _listeners;

    /// <summary>The snapshot in force.</summary>
    public ProxySnapshot? Snapshot => _snapshots?.Current;

    public ProxyServices Services => _services;

    /// <summary>Loads the plugins, then compiles. Null with the reasons in <paramref name="errors"/>.</summary>
    public CompiledConfig? Compile(ProxyConfig config, ConfigErrors errors)
    {
        var plugins = new PluginLoader(
            config.PluginPath is { } path ? Path.Combine(_options.ConfigDirectory, path) : _options.PluginPath, Registry);
        foreach (var plugin in config.Plugins)
        {
            if (!plugins.TryLoad(plugin.Name, plugin.Sha256, out var error))
            {
                errors.Add(config.Places.Locate(plugin), error);
            }
        }

        var environment = new ComponentEnvironment(
            _options.Loggers, _options.Time, _meter, _options.ConfigDirectory, new ConcurrentDictionary<(string, Type), object>(), static _ => null);
        return ConfigCompiler.Compile(config, Registry, environment, _services, (_snapshots?.Current.Version ?? 0) + 1, errors);
    }

    /// <summary>Starts components, then listeners.</summary>
    /// <exception cref="EngineException">Components or listeners did not start: all of them are named. What did start ends with <see cref="DisposeAsync"/>.</exception>
    public async Task StartAsync(CompiledConfig compiled)
    {
        _compiled = compiled;
        _snapshots = new SnapshotStore(compiled.Snapshot);
        var errors = new StartErrors();
        foreach (var component in compiled.Components.OfType<IStartable>())
        {
            try
            {
                await component.StartAsync(_stop.Token);
            }
            catch (Exception e)
            {
                errors.Add(component, e);
            }
        }

        errors.ThrowIfAny();

        foreach (var plan in compiled.Listeners)
        {
            try
            {
                var entry = new ConnectionEntry(plan.Name, _snapshots, _services);
                var listener = await Listener.StartAsync(plan, entry, _options.Loggers, _options.InlineCompletions, _options.Transport);
                _listeners.Add(listener);
                foreach (var address in listener.Addresses)
                {
                    _services.Log.Listening(address, plan.Name);
                }
            }
            catch (Exception e) when (StartErrors.IsExpected(e))
            {
                errors.Add(plan, e);
            }
        }

        errors.ThrowIfAny();
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
        await Task.WhenAll(_listeners.Select(listener => listener.StopAsync(deadline.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners.Clear();
        await _stop.CancelAsync();
        foreach (var component in _compiled?.Components ?? [])
        {
            if (component is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync();
            }
            else
            {
                (component as IDisposable)?.Dispose();
            }
        }

        foreach (var cluster in _snapshots?.Current.Clusters.Values ?? [])
        {
            cluster.Close();
        }

        _heartbeat.Dispose();
        _meter.Dispose();
    }
}

/// <summary>What a host decides about the engine.</summary>
internal sealed record EngineOptions
{
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Where plugins are found when the configuration does not say.</summary>
    public required string PluginPath { get; init; }

    /// <summary>What relative paths in options are relative to.</summary>
    public required string ConfigDirectory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether completions run on the event loop; must agree with how sockets were set up for the process.</summary>
    public bool InlineCompletions { get; init; }

    /// <summary>Another transport than Kestrel's sockets, for tests; null for sockets.</summary>
    public IConnectionListenerFactory? Transport { get; init; }
}

/// <summary>The engine could not start, for a reason the operator can mend.</summary>
internal sealed class EngineException(string message, Exception inner) : Exception(message, inner);
