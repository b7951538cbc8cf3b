using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>A connection that carries a byte stream over framework streams. Either end goes by itself, and it is closed once.</summary>
internal abstract class ByteConnection : ConnectionContext, IDuplexPipe, IHalfClose
{
    private readonly CancellationTokenSource _closed = new();
    private readonly FeatureCollection _features = new();
    private int _isClosed;

    protected ByteConnection(Stream input, Stream output)
    {
        Input = PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true, useZeroByteReads: true));
        Output = new StreamSender(output, EndSending);
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public sealed override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("n");

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override CancellationToken ConnectionClosed
    {
        get => _closed.Token;
        set => throw new NotSupportedException("The connection owns its token.");
    }

    public ValueTask EndOutputAsync() => Output.CompleteAsync();

    public override void Abort(ConnectionAbortedException abortReason) => Close();

    public override async ValueTask DisposeAsync()
    {
        Close();
        await base.DisposeAsync();
    }

    /// <summary>Tells the peer that nothing more comes. Called once.</summary>
    protected abstract void EndSending();

    /// <summary>Closes what it is over. Called once.</summary>
    protected abstract void OnClose();

    private void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            OnClose();
            _ = _closed.CancelAsync();
        }
    }
}
