using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Checks;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>
/// Reads a configuration file and what it includes: text to tree to records to checks. Never throws for what a file may hold;
/// everything that is wrong is reported at once. Components' options are left for the registry to bind.
/// </summary>
internal static class ConfigLoader
{
    /// <summary>Reads a file; there is a configuration exactly when there are no errors.</summary>
    /// <param name="path">The main file.</param>
    /// <param name="sources">Takes what was read, also when there are errors.</param>
    public static (ProxyConfig? Config, ConfigErrors Errors) Load(string path, ConfigSources? sources = null)
    {
        var errors = new ConfigErrors();
        sources ??= new ConfigSources();
        return (ReadTree(path, sources, errors) is { } root ? Bind(root, sources, errors) : null, errors);
    }

    /// <summary>As <see cref="Load"/>, from text; <paramref name="file"/> is what messages call it.</summary>
    public static (ProxyConfig? Config, ConfigErrors Errors) Parse(string text, string file, Func<string, string?> environment)
    {
        var errors = new ConfigErrors();
        var sources = new ConfigSources();
        var root = Merge(new ConfigFiles(environment, sources, errors).ReadText(text, file), errors);
        return (root is null ? null : Bind(root, sources, errors), errors);
    }

    /// <summary>The tree of a file and all it includes, for those who lay others over it; null when there is none to go on with.</summary>
    public static ConfigMapping? ReadTree(string path, ConfigSources sources, ConfigErrors errors) =>
        Merge(new ConfigFiles(Environment.GetEnvironmentVariable, sources, errors).Read(path), errors);

    /// <summary>The configuration of a tree, wherever the tree is from; null when there are errors, then or before.</summary>
    public static ProxyConfig? Bind(ConfigMapping root, ConfigSources sources, ConfigErrors errors)
    {
        var places = new BindingPlaces();
        var binder = new ConfigBinder(errors, places);
        root = ListenerInheritance.Apply(root);
        if (binder.Bind(root, typeof(ProxyConfig), "", out _) is not ProxyConfig config)
        {
            return null;
        }

        ConfigChecks.Run(new CheckContext(config, places, errors));
        return errors.IsEmpty ? RouteNames.Complete(config, places) with { Places = places, Sources = sources, Written = new WrittenConfig(root) } : null;
    }

    private static ConfigMapping? Merge(IReadOnlyList<ConfigMapping> parts, ConfigErrors errors) =>
        parts.Count == 0 ? null : new ConfigMerge(errors).Merge(parts);
}
