using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>
/// A configuration as it was written, all its files merged. Equal to any other: configurations are compared by what they were bound to.
/// </summary>
/// <param name="root">The document.</param>
internal sealed class WrittenConfig(ConfigMapping root)
{
    public static readonly WrittenConfig None = new(new ConfigMapping(default, []));

    public ConfigMapping Root => root;

    public override bool Equals(object? obj) => obj is WrittenConfig;

    public override int GetHashCode() => 0;
}
