using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>Where connections are accepted.</summary>
internal sealed record ListenerConfig
{
    private static readonly ConfigList<ListenerProtocol> DefaultProtocols = [ListenerProtocol.Http1];

    /// <summary>
    /// Where it listens: <c>0.0.0.0:8080</c>, <c>[::]:443</c>, <c>localhost:8080</c> or <c>unix:/run/proxy.sock</c>. Required without
    /// <c>source</c>.
    /// </summary>
    public string? Address { get; init; }

    /// <summary>
    /// What its connections come from instead of an address, e.g. a tunnel to another proxy that is dialled. HTTP/2 is spoken on them.
    /// They are kept, idle or old as they may be, and carry the requests of many clients: <c>max_streams</c> is at least 4096, the <c>connection_window</c>
    /// so large that no stream waits for another, <c>control_frames</c> and <c>response_body_rate</c> are off, and an end that is silent is
    /// asked by PING every 2s where <c>ping_interval</c> says nothing else. Default: none.
    /// </summary>
    [ComponentKind(typeof(IConnectionSource))]
    public ComponentConfig? Source { get; init; }

    /// <summary>How bytes are moved: <c>auto</c>, <c>sockets</c> (Kestrel's) or <c>direct</c> (the engine's own). Default: auto.</summary>
    public ListenerIo Io { get; init; }

    /// <summary>
    /// What is spoken: <c>http1</c>, <c>http2</c>, <c>http3</c>; <c>[]</c> for nothing, where connection filters take all connections.
    /// Default: [http1].
    /// </summary>
    public IReadOnlyList<ListenerProtocol> Protocols { get; init; } = DefaultProtocols;

    /// <summary>Connection filters in order; what stands before <c>tls</c> sees cipher text. Default: none.</summary>
    [ComponentKind(typeof(IConnectionFilter))]
    public IReadOnlyList<ComponentConfig> Filters { get; init; } = [];

    /// <summary>
    /// Overrides <c>http.limits</c> field by field. Once loaded it holds the fields of both. Default: <c>http.limits</c>.
    /// </summary>
    public LimitsConfig? Limits { get; init; }

    /// <summary>
    /// Overrides <c>http.forwarding</c> field by field. Once loaded it holds the fields of both. Default: <c>http.forwarding</c>.
    /// </summary>
    public ForwardingConfig? Forwarding { get; init; }

    /// <summary>
    /// Overrides <c>http.http2</c> field by field. Once loaded it holds the fields of both. Default: <c>http.http2</c>.
    /// </summary>
    public Http2Config? Http2 { get; init; }
}
