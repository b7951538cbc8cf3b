using System.IO.Pipelines;
using System.Net;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>What a visitor and an agent say to each other, in the clear: a connection over another that carries it encrypted, which it owns.</summary>
internal sealed class SecretConnection : ConnectionContext, IDuplexPipe, IHalfClose
{
    private readonly ConnectionContext _relayed;
    private readonly SecretStream _stream;

    public SecretConnection(ConnectionContext relayed, SecretStream stream)
    {
        (_relayed, _stream) = (relayed, stream);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true, useZeroByteReads: true));
        Output = new StreamSender(stream, static () => { });
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _relayed.ConnectionId;
        set => _relayed.ConnectionId = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _relayed.RemoteEndPoint;
        set => _relayed.RemoteEndPoint = value;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override CancellationToken ConnectionClosed
    {
        get => _relayed.ConnectionClosed;
        set => throw new NotSupportedException("It is that of the connection below.");
    }

    /// <summary>Says close_notify, and goes on reading (RFC 8446 §6.1).</summary>
    public async ValueTask EndOutputAsync()
    {
        await Output.CompleteAsync();
        await _stream.ShutdownAsync();
    }

    public override void Abort(ConnectionAbortedException abortReason) => _relayed.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        // What was not ended is cut, which the other side can tell.
        await _relayed.DisposeAsync();
        await _stream.DisposeAsync();
        await base.DisposeAsync();
    }
}
