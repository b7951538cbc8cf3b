using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Hosting.Model;

/// <summary>Where a part of the configuration comes from.</summary>
internal abstract class ConfigSource
{
    /// <summary>Its tree; null, with the reasons among the errors, when it cannot be read.</summary>
    /// <param name="folder">What relative paths are relative to.</param>
    /// <param name="sources">Takes what it is read from.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public abstract ConfigMapping? Read(string folder, ConfigSources sources, ConfigErrors errors);
}
