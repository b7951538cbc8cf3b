using System.Text;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Upstream;

/// <summary>Makes the request of an attempt, as the framework's client takes it.</summary>
internal static class Http2Request
{
    /// <summary>Fills the call in. The error says what HTTP/2, or the client, cannot carry.</summary>
    public static ProxyError Fill(Http2Call call, ProxyExchange x, Http2Upstream upstream)
    {
        var head = x.AttemptHead;
        var forWebSocket = x.IsUpgrade && WebSocketSwitch.IsAsked(head);
        if (head.MethodKind == HttpMethodKind.Connect || (head.Path.Length == 1 && head.Path[0] == (byte)'*'))
        {
            return ProxyError.Upstream(ProxyErrorKind.NotImplemented, detail: "not_over_http2");
        }

        call.RequestUri = HttpPool.UriOf(Http2Fields.TargetOf(head));
        call.Method = forWebSocket ? HttpMethod.Connect : Http2Fields.MethodOf(head);
        if (!forWebSocket && (x.HasRequestBody || x.RequestFraming.Kind != BodyKind.None))
        {
            call.Content = new Http2RequestContent(upstream, call);
            if (x.RequestFraming.Kind == BodyKind.Length)
            {
                call.Content.Headers.ContentLength = x.RequestFraming.Length;
            }
        }

        Http2Fields.CopyRequest(head, call, forWebSocket);
        call.Headers.Host = AuthorityOf(x, head);
        if (forWebSocket)
        {
            call.Headers.Protocol = "websocket";
        }

        return default;
    }

    private static string AuthorityOf(ProxyExchange x, RequestHead head)
    {
        ReadOnlySpan<byte> host = x.Route?.HostHeader ?? x.Peer!.HostHeaderBytes;
        if (host.IsEmpty && !head.Headers.TryGet(KnownHeader.Host, out host))
        {
            host = head.Authority.IsEmpty ? x.Peer!.Endpoint.AuthorityBytes : head.Authority;
        }

        return host.IsEmpty ? "localhost" : Encoding.Latin1.GetString(host);
    }
}
