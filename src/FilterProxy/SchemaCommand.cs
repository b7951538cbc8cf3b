using System.CommandLine;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Host;

/// <summary><c>filterproxy schema</c>: the JSON schema of a configuration with the plugins installed here.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var plugins = new Option<string>("--plugins")
        {
            Description = "Plugin folder (default: plugins beside the program)",
            DefaultValueFactory = _ => ProxyHost.PluginPath,
        };
        var command = new Command("schema", "Print the JSON schema of a configuration, for editors to complete from.") { plugins };
        command.SetAction(result => Print(result.GetValue(plugins)!));
        return command;
    }

    private static int Print(string folder)
    {
        var registry = new ComponentRegistry();
        foreach (var error in InstalledPlugins.Load(folder, registry))
        {
            // The schema of all the others is still good.
            Console.Error.WriteLine(error);
        }

        Console.Out.Write(ConfigSchema.Create(registry));
        return 0;
    }
}
