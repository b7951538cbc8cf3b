using System.CommandLine;
using System.Reflection;
using FilterProxy.Core.Config;
using FilterProxy.Host.Commands;

namespace FilterProxy.Host;

/// <summary>The commands: <c>run</c> (also without a name), <c>agent</c>, <c>visit</c>, <c>validate</c>, <c>schema</c>, <c>explain</c>, <c>plugins</c>, <c>status</c>,
/// <c>top</c>, <c>tail</c>, <c>drain</c>, <c>script</c>, <c>password</c>, <c>version</c>.</summary>
internal static class CommandLine
{
    /// <summary>Bad configuration.</summary>
    public const int ConfigurationError = ExitCode.Configuration;

    public static RootCommand Create()
    {
        var config = new Option<string>("--config", "-c")
        {
            Description = "Configuration file (default: conf/filterproxy.yaml, found from here upwards or beside the program)",
            Recursive = true,
        };
        var root = new RootCommand($"FilterProxy, a pipeline-filter proxy engine.\n\n{ExitCode.Help}") { config };
        root.SetAction((result, cancel) => RunAsync(result.GetValue(config), cancel));

        var run = new Command("run", "Start the proxy (the default).");
        run.SetAction((result, cancel) => RunAsync(result.GetValue(config), cancel));
        root.Add(run);

        var agent = new Command("agent", "Start the agent of a reverse tunnel: a proxy whose configuration has a listener that dials a server.");
        agent.SetAction((result, cancel) => RunAsync(result.GetValue(config), cancel));
        root.Add(agent);

        var visit = new Command("visit", "Start a visitor: a proxy whose configuration has ports of its own for secret services behind reverse tunnels.");
        visit.SetAction((result, cancel) => RunAsync(result.GetValue(config), cancel));
        root.Add(visit);

        var validate = new Command("validate", "Check a configuration and everything it names, without starting anything.");
        validate.SetAction(result => Validate(result.GetValue(config)));
        root.Add(validate);

        root.Add(SchemaCommand.Create());
        root.Add(ExplainCommand.Create(config));
        root.Add(PluginsCommand.Create(config));
        root.Add(StatusCommand.Create(config));
        root.Add(TopCommand.Create(config));
        root.Add(TailCommand.Create(config));
        root.Add(DrainCommand.Create(config));
        root.Add(PluginCommand.Create("script", "Script", "Test routing scripts: 'script test FILE' runs the cases beside it."));
        root.Add(PluginCommand.Create("password", "BasicAuth", "Make the hash of a password for basic_auth; reads the password from standard input."));
        var version = new Command("version", "Print the version.");
        version.SetAction(_ => Console.WriteLine($"filterproxy {Version}"));
        root.Add(version);
        return root;
    }

    /// <summary>As in <c>0.1.0+c7a2581</c>: the release, and the commit where the build knew it.</summary>
    public static string Version { get; } = Shorten(
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0");

    private static async Task<int> RunAsync(string? path, CancellationToken cancel)
    {
        var (config, file) = Load(path);
        return config is null ? ConfigurationError : await ProxyHost.RunAsync(config, file, cancel);
    }

    private static int Validate(string? path)
    {
        var (config, file) = Load(path);
        if (config is null || !ProxyHost.Validate(config, file))
        {
            return ConfigurationError;
        }

        Console.WriteLine($"{file}: ok");
        return 0;
    }

    /// <summary>Loads the configuration named, or the default one; prints what is wrong with it.</summary>
    public static (ProxyConfig? Config, string File) Load(string? path)
    {
        var file = path ?? ConfigLocation.FindDefault();
        var (config, errors) = ConfigLoader.Load(file);
        Report(errors);
        return (config, file);
    }

    /// <summary>Prints what is wrong with a configuration, one error a line.</summary>
    public static void Report(ConfigErrors errors)
    {
        if (!errors.IsEmpty)
        {
            Console.Error.WriteLine(errors);
        }
    }

    private static string Shorten(string version)
    {
        const int CommitDigits = 7;
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 || version.Length <= plus + 1 + CommitDigits ? version : version[..(plus + 1 + CommitDigits)];
    }
}
