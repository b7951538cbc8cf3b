using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Transport;

/// <summary>A connection over any duplex stream.</summary>
internal sealed class StreamConnection : ConnectionContext, IDuplexPipe, IHalfClose
{
    private readonly Stream _stream;
    private readonly FeatureCollection _features = new();
    private readonly CancellationTokenSource _closed = new();
    private IDictionary<object, object?>? _items;

    public StreamConnection(Stream stream, EndPoint? local, EndPoint? remote)
    {
        _stream = stream;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        Transport = this;
        LocalEndPoint = local;
        RemoteEndPoint = remote;
    }

    /// <summary>What it is over.</summary>
    public Stream Stream => _stream;

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = CorrelationId.Next();

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _closed.Token;
        set => throw new NotSupportedException("The connection owns its token.");
    }

    /// <summary>Says close_notify where it is over TLS; of another stream nobody knows how it would say that.</summary>
    public async ValueTask EndOutputAsync()
    {
        await Output.CompleteAsync();
        if (_stream is System.Net.Security.SslStream tls)
        {
            await tls.ShutdownAsync();
        }
    }

    public override void Abort(ConnectionAbortedException abortReason) => _stream.Dispose();

    public override async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _closed.CancelAsync();
        await base.DisposeAsync();
    }
}
