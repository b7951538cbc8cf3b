using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.TestKit;

/// <summary>A transport without sockets: connections are pairs of pipes, so a test decides which bytes arrive when.</summary>
internal sealed class MemoryTransport : IConnectionListenerFactory
{
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>();

    /// <summary>Opens a connection and returns the client's end.</summary>
    public Stream Connect()
    {
        // Inline schedulers: what the client writes has been seen by the proxy when the write completes.
        var options = new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);
        var toProxy = new Pipe(options);
        var toClient = new Pipe(options);
        var connection = new MemoryConnection(toProxy.Reader, toClient.Writer);
        _accepted.Writer.TryWrite(connection);
        return new MemoryStreamEnd(toClient.Reader, toProxy.Writer, connection);
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new MemoryListener(endpoint, _accepted));

    private sealed class MemoryListener(EndPoint endpoint, Channel<ConnectionContext> accepted) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await accepted.Reader.WaitToReadAsync(cancellationToken) && accepted.Reader.TryRead(out var connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            accepted.Writer.TryComplete();
            return default;
        }

        public ValueTask DisposeAsync()
        {
            accepted.Writer.TryComplete();
            return default;
        }
    }

    private sealed class MemoryConnection : DefaultConnectionContext, IDuplexPipe
    {
        private readonly CancellationTokenSource _closed = new();

        public MemoryConnection(PipeReader input, PipeWriter output)
        {
            Input = input;
            Output = output;
            Transport = this;
            ConnectionId = Guid.NewGuid().ToString("N");
            ConnectionClosed = _closed.Token;
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 40000);
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 80);
        }

        public PipeReader Input { get; }

        public PipeWriter Output { get; }

        public void OnClientClosed() => _closed.Cancel();

        public override void Abort(ConnectionAbortedException abortReason)
        {
            Input.CancelPendingRead();
            // What a client of a socket would see as a reset.
            Output.Complete(new IOException("The connection was aborted.", abortReason));
        }

        public override async ValueTask DisposeAsync()
        {
            await Input.CompleteAsync();
            await Output.CompleteAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class MemoryStreamEnd(PipeReader input, PipeWriter output, MemoryConnection peer) : Stream
    {
        private readonly Stream _input = input.AsStream();
        private readonly Stream _output = output.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _input.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            _output.WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                output.Complete();
                input.Complete();
                peer.OnClientClosed();
            }

            base.Dispose(disposing);
        }
    }
}
