namespace FilterProxy.Core.Config;

/// <summary>A plugin to load, written <c>- RateLimit</c> or <c>- RateLimit: { sha256: … }</c>.</summary>
internal sealed record PluginConfig
{
    /// <summary>Its folder under the plugin path, with <c>@version</c> where several are installed.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its main assembly, 64 hexadecimal digits; another file is refused. Default: not checked.</summary>
    public string? Sha256 { get; init; }

    /// <summary>
    /// Frees the memory of a version that was replaced. For development: code that can be unloaded runs slower. Default: false.
    /// </summary>
    public bool Unloadable { get; init; }
}
