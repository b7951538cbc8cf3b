using System.CommandLine;
using FilterProxy.Core.Components;

namespace FilterProxy.Host;

/// <summary>A command whose work is done by a plugin beside the program.</summary>
internal static class PluginCommand
{
    public static Command Create(string name, string plugin, string description)
    {
        var rest = new Argument<string[]>("arguments") { Description = "What the plugin understands", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(name, description) { rest };
        command.SetAction((result, cancel) => RunAsync(name, plugin, result.GetValue(rest) ?? [], cancel));
        return command;
    }

    private static async Task<int> RunAsync(string name, string plugin, string[] arguments, CancellationToken cancel)
    {
        var registry = new ComponentRegistry();
        if (!new PluginLoader(ProxyHost.PluginPath, registry).TryLoad(plugin, null, out var error))
        {
            Console.Error.WriteLine(error);
            return ExitCode.Failure;
        }

        if (!registry.TryFind(typeof(ICommand), name, out var descriptor) || descriptor.OptionsType is not null)
        {
            Console.Error.WriteLine($"plugin '{plugin}' brings no command '{name}'");
            return ExitCode.Failure;
        }

        return await ((ICommand)descriptor.Create(null, null!)).RunAsync(arguments, Console.Out, cancel);
    }
}
