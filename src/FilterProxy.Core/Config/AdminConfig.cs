namespace FilterProxy.Core.Config;

/// <summary>Where the proxy is looked at and steered: a listener of its own, away from all traffic.</summary>
internal sealed record AdminConfig
{
    /// <summary>
    /// Where it listens: <c>127.0.0.1:9901</c>, <c>localhost:9901</c> or <c>unix:/run/filterproxy/admin.sock</c>. Any other than loopback
    /// and a unix socket needs a token. Read once, at start.
    /// </summary>
    public required string Address { get; init; }

    /// <summary>
    /// What a caller must show (<c>Authorization: Bearer …</c>) to change anything, and to read from another machine; 16 characters or
    /// more, from a file or a variable: <c>file:/run/secrets/admin</c>. Default: none, nothing can be changed.
    /// </summary>
    [Secret]
    public string? Token { get; init; }

    /// <summary>
    /// Host names, without port, it answers to besides <c>localhost</c>, loopback addresses and the address it was reached at. Default: none.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];
}
