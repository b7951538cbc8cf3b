using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Downstream;
using FilterProxy.Hosting.Model;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Hosting;

/// <summary>
/// The proxy of a host. Its configuration is checked before any of the host's services starts, it listens once all of them run, and it
/// lets its work in flight finish before any of them stops: an application in the same process can be behind it.
/// </summary>
public sealed class FilterProxyServer : IHostedLifecycleService, IAsyncDisposable
{
    private readonly FilterProxyBuilder _builder;
    private readonly IServiceProvider _services;
    private readonly IHostEnvironment _environment;
    private readonly EngineLoggers _loggers;
    private readonly TimeProvider _time;
    private Engine? _engine;
    private CompiledConfig? _compiled;
    private ConfigReloader? _reloader;

    internal FilterProxyServer(
        FilterProxyBuilder builder, IServiceProvider services, IHostEnvironment environment, ILoggerFactory loggers, TimeProvider time)
    {
        _builder = builder;
        _services = services;
        _environment = environment;
        _loggers = new EngineLoggers(loggers);
        _time = time;
    }

    /// <summary>What each listener is bound to, by its name: the port is the real one where 0 was asked for. Empty unless it serves.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Addresses => _engine is { } engine ? AddressesOf(engine) : new Dictionary<string, IReadOnlyList<string>>();

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken)
    {
        var errors = new ConfigErrors();
        var config = Load(new ConfigSources(), errors);
        _compiled = config is null ? null : Compile(config, errors);
        return _compiled is null
            ? Task.FromException(new FilterProxyException(
                $"FilterProxy's configuration has errors:\n{errors}", [.. errors.Items.Select(error => error.ToString())]))
            : Task.CompletedTask;
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    async Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _engine!.ApplyAsync(_compiled!);
        }
        catch (EngineException e)
        {
            await DisposeAsync();
            throw new FilterProxyException($"FilterProxy cannot start:\n{e.Message}", e.Message.Split('\n'), e);
        }

        _reloader = new ConfigReloader(_engine, Read, _time);
        _reloader.Watch();
    }

    async Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken)
    {
        if (_engine is not { } engine)
        {
            return;
        }

        // The host has a limit of its own: over that, what is left is cut too.
        await using var cut = cancellationToken.UnsafeRegister(static engine => ((Engine)engine!).Services.Connections.Abort(), engine);
        await EndReloadsAsync();
        await engine.StopAsync(engine.Current?.Config.Runtime.ShutdownGrace ?? TimeSpan.Zero);
        await DisposeAsync();
    }

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Cuts what is left. The host calls it.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndReloadsAsync();
        if (Interlocked.Exchange(ref _engine, null) is { } engine)
        {
            await engine.DisposeAsync();
        }
    }

    private ProxyConfig? Load(ConfigSources sources, ConfigErrors errors)
    {
        var root = _builder.Sources.Select(source => source.Read(_environment.ContentRootPath, sources, errors)).ToList();
        var code = _builder.Draft.ToTree("");
        if (root.Contains(null))
        {
            return null;
        }

        var layers = _builder.Draft.IsEmpty && root.Count > 0 ? root : root.Append(code);
        return ConfigLoader.Bind(layers.Aggregate((lower, upper) => ConfigLayers.Lay(lower!, upper!))!, sources, errors);
    }

    private (ProxyConfig? Config, ConfigErrors Errors) Read(ConfigSources sources)
    {
        var errors = new ConfigErrors();
        return (Load(sources, errors), errors);
    }

    private static Dictionary<string, IReadOnlyList<string>> AddressesOf(Engine engine) =>
        engine.Listeners.ToDictionary(listener => listener.Name, listener => listener.Addresses);

    private async ValueTask EndReloadsAsync()
    {
        if (Interlocked.Exchange(ref _reloader, null) is { } reloader)
        {
            await reloader.DisposeAsync();
        }
    }

    private CompiledConfig? Compile(ProxyConfig config, ConfigErrors errors)
    {
        _engine = new Engine(new EngineOptions
        {
            Loggers = _loggers,
            PluginPath = Path.Combine(AppContext.BaseDirectory, "plugins"),
            ConfigDirectory = ConfigDirectory(),
            Time = _time,
            InlineCompletions = config.Runtime.InlineCompletions && InlineCompletionsAreOn(),
        });
        foreach (var component in _builder.Components)
        {
            if (!_engine.Registry.Add(component, "", out var error, _services))
            {
                errors.Add(new SourceLocation(component.Name, 0, 0), error);
            }
        }

        return errors.IsEmpty ? _engine.Compile(config, errors) : null;
    }

    // Paths in a file are relative to the file; with several, to the last.
    private string ConfigDirectory() =>
        _builder.Sources.OfType<FileSource>().LastOrDefault() is { } file
            ? Path.GetDirectoryName(file.PathFrom(_environment.ContentRootPath))!
            : _environment.ContentRootPath;

    // How the sockets of this process were set up is its own decision, taken before the first of them; the engine only has to know.
    private static bool InlineCompletionsAreOn() =>
        Environment.GetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS") is "1" or "true";
}
