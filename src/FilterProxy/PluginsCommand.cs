using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FilterProxy.Core.Config.Explain;

namespace FilterProxy.Host;

/// <summary><c>filterproxy plugins</c>: what is installed and what the configuration makes of it, with the reason of every refusal.</summary>
internal static class PluginsCommand
{
    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create(Option<string> config)
    {
        var folder = new Option<string>("--plugins") { Description = "Plugin folder (default: that of the configuration)" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command(
            "plugins",
            "List the plugins that are installed: version, contract, components, options, state.\n\nExit code 0; 2 when the configuration has errors or names a plugin that is refused.")
        {
            folder,
            json,
        };
        command.SetAction(result => Print(result.GetValue(config), result.GetValue(folder), result.GetValue(json)));
        return command;
    }

    private static int Print(string? path, string? folder, bool json)
    {
        var (config, file) = CommandLine.Load(path);
        var installed = folder ?? (config?.PluginPath is { } own ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, own) : ProxyHost.PluginPath);
        var plugins = PluginList.Of(installed, config?.Plugins ?? []);
        if (json)
        {
            Console.Out.Write(JsonSerializer.Serialize(plugins, Layout) + "\n");
        }
        else
        {
            // One write, so that a pipe that closes early sees a whole text or none.
            using var text = new StringWriter { NewLine = "\n" };
            Write(text, installed, plugins);
            Console.Out.Write(text.ToString());
        }

        return config is null || plugins.Any(plugin => plugin is { IsNamed: true, Refusal: not null }) ? ExitCode.Configuration : ExitCode.Success;
    }

    private static void Write(TextWriter output, string folder, IReadOnlyList<ListedPlugin> plugins)
    {
        output.WriteLine($"Plugins in {folder}:");
        output.WriteLine();
        if (plugins.Count == 0)
        {
            output.WriteLine("  none");
            return;
        }

        var table = new TextTable("Plugin", "Version", "Contract", "State", "Components");
        foreach (var plugin in plugins)
        {
            var components = string.Join('\n', plugin.Components.Select(c => $"{c.Name} ({c.Kind}{(c.Phases.Count == 0 ? "" : ": " + string.Join(", ", c.Phases))})"));
            table.Add(plugin.Name, plugin.Version ?? "-", plugin.Contract ?? "-", plugin.State, components.Length == 0 ? "-" : components);
        }

        table.Write(output);
        var options = new TextTable("Option", "Type", "Default", "Meaning");
        foreach (var component in plugins.SelectMany(plugin => plugin.Components))
        {
            foreach (var option in component.Options)
            {
                options.Add($"{component.Name}.{option.Key}", option.Type, option.Default, Wrap(option.Meaning));
            }
        }

        if (!options.IsEmpty)
        {
            output.WriteLine();
            options.Write(output);
        }

        foreach (var plugin in plugins.Where(plugin => plugin.Refusal is not null))
        {
            output.WriteLine();
            output.WriteLine($"{plugin.Name} is refused: {plugin.Refusal}");
        }
    }

    private static string Wrap(string text)
    {
        const int Width = 60;
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + word.Length >= Width)
            {
                lines.Add("");
            }

            lines[^1] += lines[^1].Length == 0 ? word : " " + word;
        }

        return string.Join('\n', lines);
    }
}
