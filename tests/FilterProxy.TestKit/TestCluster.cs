using System.Net;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.TestKit;

/// <summary>A cluster with fixed endpoints that are picked in turn. It opens no connections.</summary>
public sealed class TestCluster : Cluster
{
    private int _next;

    /// <summary>Creates one; endpoints are written <c>address:port</c> or <c>host:port</c>.</summary>
    public TestCluster(string name, params string[] endpoints)
        : base(name) =>
        Endpoints = new EndpointSet([.. endpoints.Select(e => new Endpoint(this, new DiscoveredEndpoint(e, ParseAddress(e))))]);

    /// <inheritdoc/>
    public override EndpointSet Endpoints { get; }

    /// <inheritdoc/>
    public override UpstreamPeer? Pick(in PickContext context) =>
        Endpoints.Count == 0 ? null : Endpoints[_next++ % Endpoints.Count].Peer;

    /// <inheritdoc/>
    public override ValueTask<ConnectionContext> ConnectAsync(PickContext context, CancellationToken cancel) =>
        throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, detail: "test_cluster"));

    /// <inheritdoc/>
    public override Task RelayAsync(ConnectionContext downstream, PickContext context, CancellationToken stop) =>
        throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, detail: "test_cluster"));

    private static EndPoint ParseAddress(string text)
    {
        if (IPEndPoint.TryParse(text, out var address))
        {
            return address;
        }

        var colon = text.LastIndexOf(':');
        return new DnsEndPoint(text[..colon], int.Parse(text.AsSpan(colon + 1)));
    }
}
