using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Schema;
using Xunit;

namespace FilterProxy.Tests.Config.Schema;

/// <summary>Files made from the option records: compared, or written anew where the variable asks for it.</summary>
internal static class Generated
{
    private const string RewriteVariable = "FILTERPROXY_WRITE_CONFIG_REFERENCE";

    public static ComponentRegistry Registry { get; } = CreateRegistry();

    /// <summary>Whether a file is what would be made of it now.</summary>
    public static void AssertCurrent(string file, Func<string, string> make)
    {
        var text = File.Exists(file) ? File.ReadAllText(file) : "";
        var current = make(text);
        if (Environment.GetEnvironmentVariable(RewriteVariable) == "1" && current != text)
        {
            File.WriteAllText(file, current);
            text = current;
        }

        Assert.True(
            text == current,
            $"{Path.GetFileName(file)} is not what the option records say. Run the tests once with {RewriteVariable}=1 and commit it.\n{Difference(text, current)}");
    }

    private static ComponentRegistry CreateRegistry()
    {
        var registry = new ComponentRegistry();
        Assert.Empty(InstalledPlugins.Load(Plugins.Folder, registry));
        return registry;
    }

    private static string Difference(string text, string current)
    {
        var (before, after) = (text.Split('\n'), current.Split('\n'));
        return string.Join('\n', before.Except(after).Select(l => "- " + l.Trim()).Concat(after.Except(before).Select(l => "+ " + l.Trim())).Take(20));
    }
}
