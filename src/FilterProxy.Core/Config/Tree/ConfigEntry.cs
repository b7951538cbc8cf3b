namespace FilterProxy.Core.Config.Tree;

/// <summary>A key of a mapping and its value.</summary>
/// <param name="Name">The key.</param>
/// <param name="Location">Where the key is.</param>
/// <param name="Value">What it is set to.</param>
internal sealed record ConfigEntry(string Name, SourceLocation Location, ConfigNode Value);
