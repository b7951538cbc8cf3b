using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>Sends a request to its peer in the protocol the peer speaks. The one place where that is decided.</summary>
internal static class Forwarder
{
    /// <summary>Request out, response head in: one attempt, or, where the policy says so and the first takes its time, another beside it.</summary>
    public static ValueTask<ProxyError> SendAsync(ProxyExchange x) =>
        x.RetryPolicy is { Hedge: not null } policy && HedgeRace.Fits(x, policy) ? x.Hedge.RunAsync(policy) : SendOnceAsync(x);

    /// <summary>One attempt.</summary>
    public static ValueTask<ProxyError> SendOnceAsync(ProxyExchange x)
    {
        var peer = x.Peer!;
        var pool = ((ProxyCluster)peer.Cluster).GetPool(peer);
        return pool is ConnectionPool http1 ? OverHttp1(x, http1) : SendAsync(x, pool);
    }

    private static ValueTask<ProxyError> SendAsync(ProxyExchange x, object pool) => pool switch
    {
        HttpPool http2 => OverHttp2(x, http2),

        // What an Upgrade may become is defined for HTTP/1; who speaks both speaks that.
        NegotiatedPool negotiated when x.IsUpgrade => OverHttp1(x, negotiated.Http1),
        NegotiatedPool { Chosen: { } chosen } => SendChosenAsync(x, chosen),
        _ => AskAsync(x, (NegotiatedPool)pool),
    };

    private static async ValueTask<ProxyError> AskAsync(ProxyExchange x, NegotiatedPool pool)
    {
        var error = await pool.AskAsync(x.AttemptAborted);
        if (!error.IsError && pool.Chosen is { } chosen)
        {
            return await SendChosenAsync(x, chosen);
        }

        x.Upstream = x.Http1;
        x.Http1.BeginUnconnected();
        return error.IsError ? error : ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "connect_failed");
    }

    private static ValueTask<ProxyError> SendChosenAsync(ProxyExchange x, object pool) =>
        pool is ConnectionPool http1 ? OverHttp1(x, http1) : OverHttp2(x, (HttpPool)pool);

    private static ValueTask<ProxyError> OverHttp1(ProxyExchange x, ConnectionPool pool)
    {
        x.Upstream = x.Http1;
        return x.Http1.SendAsync(pool);
    }

    private static ValueTask<ProxyError> OverHttp2(ProxyExchange x, HttpPool pool)
    {
        var upstream = x.Http2;
        x.Upstream = upstream;
        return upstream.SendAsync(pool);
    }
}
