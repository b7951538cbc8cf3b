using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>A response's body that gives its stream's place back when the response is disposed.</summary>
internal sealed class LeasedContent : HttpContent
{
    private readonly HttpContent _content;
    private AgentConnection? _connection;

    public LeasedContent(HttpContent content, AgentConnection connection)
    {
        (_content, _connection) = (content, connection);
        foreach (var (name, values) in content.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => _content.ReadAsStreamAsync();

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => _content.ReadAsStreamAsync(cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _content.CopyToAsync(stream);

    protected override bool TryComputeLength(out long length)
    {
        // Where there is one it is among the fields.
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
            Interlocked.Exchange(ref _connection, null)?.Leave();
        }

        base.Dispose(disposing);
    }
}
