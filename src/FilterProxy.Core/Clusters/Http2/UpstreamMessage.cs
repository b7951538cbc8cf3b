namespace FilterProxy.Core.Clusters.Http2;

/// <summary>A request on its way to a peer that takes whole requests. The client calls it back where its own interface says nothing.</summary>
internal abstract class UpstreamMessage : HttpRequestMessage
{
    /// <summary>The request has a stream on a connection and is about to be written; again when the client repeats it by itself.</summary>
    public abstract void OnStream();

    /// <summary>A connection is being opened on behalf of this request.</summary>
    public abstract void OnConnecting();
}
