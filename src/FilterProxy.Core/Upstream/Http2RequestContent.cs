using System.Net;

namespace FilterProxy.Core.Upstream;

/// <summary>The body of a request over HTTP/2: the client says when it takes it, the exchange's pump writes it.</summary>
internal sealed class Http2RequestContent(Http2Upstream upstream, Http2Call call) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        upstream.SendBodyAsync(call, stream, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        upstream.SendBodyAsync(call, stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        // The request's own Content-Length is among its fields, where it has one.
        length = 0;
        return false;
    }
}

/// <summary>No body, but fields that belong to one: a request may have a Content-Type and nothing it is the type of.</summary>
internal sealed class EmptyContent : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
