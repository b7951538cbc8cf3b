using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Explain;
using FilterProxy.Core.Downstream;
using FilterProxy.Host.Admin;
using FilterProxy.Host.Otlp;
using FilterProxy.Host.Samples;
using FilterProxy.Host.Systemd;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace FilterProxy.Host;

/// <summary>Puts the engine together and keeps it running until the process is told to stop.</summary>
internal static class ProxyHost
{
    // A filter that does not let go must not keep the process.
    private static readonly TimeSpan DisposalLimit = TimeSpan.FromSeconds(5);

    /// <summary>Where plugins are when the configuration does not say.</summary>
    public static string PluginPath { get; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    /// <summary>Whether the configuration compiles; says why not.</summary>
    public static bool Validate(ProxyConfig config, string file)
    {
        using var loggers = CreateLoggers();
        var engine = CreateEngine(config, file, loggers);
        var errors = new ConfigErrors();
        engine.Compile(config, errors);
        CommandLine.Report(errors);
        return errors.IsEmpty;
    }

    /// <summary>What would become of a request; null when the configuration does not compile, after saying why.</summary>
    public static async Task<Explanation?> ExplainAsync(ProxyConfig config, string file, ExplainRequest request)
    {
        using var loggers = CreateLoggers();
        await using var engine = CreateEngine(config, file, loggers);
        var errors = new ConfigErrors();
        var compiled = engine.Compile(config, errors);
        CommandLine.Report(errors);
        return compiled is null ? null : RequestExplainer.Explain(request, config, compiled);
    }

    /// <summary>Runs until SIGTERM, SIGINT or SIGQUIT; returns the exit code.</summary>
    public static async Task<int> RunAsync(ProxyConfig config, string file, CancellationToken cancel)
    {
        if (!config.Runtime.InlineCompletions)
        {
            // No socket exists yet: they will read this when the first one does.
            Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "0");
        }

        var levels = new LogLevels();
        using var loggers = CreateLoggers(levels);
        using var export = new OtlpExport(loggers.CreateLogger("FilterProxy.Otlp"));
        var engine = CreateEngine(config, file, loggers, export);
        try
        {
            var errors = new ConfigErrors();
            if (engine.Compile(config, errors) is not { } compiled)
            {
                CommandLine.Report(errors);
                return ExitCode.Configuration;
            }

            using var told = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var closing = new CancellationTokenSource();
            using var stop = new StopSignal(told.Token);
            var control = new ProxyControl(engine, file, config, levels) { Stop = told.Cancel, Closing = closing.Token };
            await using var admin = config.Admin is null ? null : await AdminListener.StartAsync(config.Admin, control, loggers);
            await using var samples = config.Samples ? await SampleApps.StartAsync() : null;
            await using var service = new ServiceProcess(engine, loggers.CreateLogger("FilterProxy"));
            using var reload = new ReloadSignal();
            await engine.ApplyAsync(compiled);

            // One write: the logger writes from another thread, and its lines must not fall between.
            using var banner = new StringWriter();
            Banner.Print(banner, file, engine, config, samples, admin?.Address);
            Console.Error.Write(banner.ToString());
            service.Ready(config);
            await using (var reloader = new ConfigReloader(engine, sources => ConfigLoader.Load(file, sources), TimeProvider.System))
            {
                async Task<string> ReloadAsync(string cause)
                {
                    var refusal = "";
                    await service.ReloadAsync(async () => (refusal = await reloader.TryReloadAsync(cause)).Length == 0 ? engine.Current!.Config : null);
                    return refusal;
                }

                reload.Begin(() => ReloadAsync("SIGHUP"));
                control.Reload = ReloadAsync;
                reloader.Watch();
                await stop.Requested;
                reload.End();
                control.Reload = null;
            }

            var grace = engine.Current!.Config.Runtime.ShutdownGrace;
            service.Stopping(grace);
            var code = await StopAsync(engine, grace, stop.Insisted);
            await closing.CancelAsync();
            return code;
        }
        catch (EngineException e)
        {
            Console.Error.WriteLine(e.Message);
            return ExitCode.Start;
        }
        finally
        {
            await DisposeAsync(engine);
        }
    }

    private static async Task<int> StopAsync(Engine engine, TimeSpan grace, Task insisted)
    {
        var stopping = engine.StopAsync(grace);
        await Task.WhenAny(stopping, insisted);
        return stopping.IsCompleted ? ExitCode.Success : ExitCode.HardStop;
    }

    private static async Task DisposeAsync(Engine engine)
    {
        var disposing = engine.DisposeAsync().AsTask();
        if (await Task.WhenAny(disposing, Task.Delay(DisposalLimit)) == disposing)
        {
            await disposing;
        }
    }

    private static Engine CreateEngine(ProxyConfig config, string file, ILoggerFactory loggers, OtlpExport? export = null) => new(new EngineOptions
    {
        Export = export,
        Loggers = loggers,
        PluginPath = PluginPath,
        ConfigDirectory = Path.GetDirectoryName(Path.GetFullPath(file))!,
        InlineCompletions = config.Runtime.InlineCompletions,
    });

    private static ILoggerFactory CreateLoggers(LogLevels? levels = null) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(LogLevel.Trace)
        .AddFilter((levels ?? new LogLevels()).IsEnabled)
        .AddFilter("Microsoft", LogLevel.Warning)

        // A listener that cannot start is said once, by us and without a stack trace.
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            // The default looks at standard output, which is not where this goes.
            console.ColorBehavior = Console.IsErrorRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Enabled;
        })
        .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
