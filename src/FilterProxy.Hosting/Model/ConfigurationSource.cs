using System.Globalization;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Config.Tree;
using Microsoft.Extensions.Configuration;

namespace FilterProxy.Hosting.Model;

/// <summary>A section of the host's configuration. Children whose keys are all numbers are a list there.</summary>
internal sealed class ConfigurationSource(IConfiguration section) : ConfigSource
{
    public override ConfigMapping? Read(string folder, ConfigSources sources, ConfigErrors errors) =>
        new(At(section), [.. section.GetChildren().Select(EntryOf)]);

    private static ConfigEntry EntryOf(IConfigurationSection child) => new(child.Key, At(child), NodeOf(child));

    private static ConfigNode NodeOf(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            // JSON's true and false arrive here with a capital.
            var text = section.Value is "True" or "False" ? section.Value.ToLowerInvariant() : section.Value;
            return new ConfigScalar(At(section), text ?? "", isNull: text is null);
        }

        return children.TrueForAll(child => IsIndex(child.Key))
            ? new ConfigSequence(At(section), [.. children.OrderBy(child => int.Parse(child.Key, CultureInfo.InvariantCulture)).Select(NodeOf)])
            : new ConfigMapping(At(section), [.. children.Select(EntryOf)]);
    }

    private static bool IsIndex(string key) => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static SourceLocation At(IConfiguration configuration) =>
        ConfigValue.Place(configuration is IConfigurationSection section ? section.Path : "");
}
