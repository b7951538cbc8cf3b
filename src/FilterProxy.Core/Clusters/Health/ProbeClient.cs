using System.Net;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>Sends requests of health checks, each on a connection of its own: one that is kept could live on while no new one can be had.</summary>
internal static class ProbeClient
{
    private static readonly HttpRequestOptionsKey<UpstreamPeer> s_peer = new("peer");

    private static readonly HttpMessageInvoker s_client = new(new SocketsHttpHandler
    {
        ConnectCallback = ConnectAsync,
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Sends one. The address of the request needs no host: the connection goes to the peer.</summary>
    public static Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, UpstreamPeer peer, CancellationToken cancel)
    {
        if (((ProxyCluster)peer.Cluster).HttpOf(peer) is { } invoker)
        {
            return invoker.SendAsync(request, cancel);
        }

        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Options.Set(s_peer, peer);
        return s_client.SendAsync(request, cancel);
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        context.InitialRequestMessage.Options.TryGetValue(s_peer, out var peer);
        return new PeerStream(await peer!.Cluster.ConnectToAsync(peer, cancel), peer is { Tls: not null, Protocol: UpstreamProtocol.Http2 });
    }
}
