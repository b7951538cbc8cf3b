using FilterProxy.Core.Clusters;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Upstream;

/// <summary>Sends a request to its peer in the protocol the peer speaks. The one place where that is decided.</summary>
internal static class Forwarder
{
    /// <summary>One attempt: request out, response head in.</summary>
    public static ValueTask<ProxyError> SendAsync(ProxyExchange x)
    {
        var peer = x.Peer!;
        x.Upstream = x.Http1;
        return x.Http1.SendAsync(((ProxyCluster)peer.Cluster).GetPool(peer));
    }
}
