using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using FilterProxy.Core.Buffers;
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
            Output.CancelPendingFlush();
        }

        public override async ValueTask DisposeAsync()
        {
            await Input.CompleteAsync();
            await Output.CompleteAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class MemoryStreamEnd(PipeReader input, PipeWriter output, MemoryConnection peer) : DuplexStream(input, output)
    {
        private readonly PipeReader _input = input;
        private readonly PipeWriter _output = output;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _output.Complete();
                _input.Complete();
                peer.OnClientClosed();
            }

            base.Dispose(disposing);
        }
    }
}
