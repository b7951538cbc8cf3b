using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>A byte stream to a service of an agent, at the server: the request's body is what is sent, the response's what comes.</summary>
internal sealed class ServerStream : ByteConnection
{
    private readonly DuplexContent _request;
    private readonly HttpResponseMessage _response;

    private ServerStream(DuplexContent request, HttpResponseMessage response, Stream output, Stream input, EndPoint remote)
        : base(input, output) => (_request, _response, RemoteEndPoint) = (request, response, remote);

    public static async ValueTask<ServerStream> OpenAsync(DuplexContent request, HttpResponseMessage response, EndPoint remote, CancellationToken cancel) =>
        new(request, response, await request.Stream.WaitAsync(cancel), await response.Content.ReadAsStreamAsync(cancel), remote);

    protected override void EndSending() => _request.End();

    protected override void OnClose()
    {
        // What was not ended until now is broken off: nobody is left to end it.
        _request.Break();
        _response.Dispose();
    }
}
