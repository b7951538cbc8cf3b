namespace FilterProxy.Core.Config;

/// <summary>Single exchanges that are debugged at the request of who holds a key.</summary>
internal sealed record DebugConfig
{
    /// <summary>The header field that asks for it; taken off every request. Default: x-filterproxy-debug.</summary>
    public string Header { get; init; } = "x-filterproxy-debug";

    /// <summary>The key, 16 characters or more: from a file (<c>${file:…}</c>) or the environment.</summary>
    [Secret]
    public required string Key { get; init; }

    /// <summary>Duration a signature may be made ahead for. Default: 10m.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);
}
