using System.Net;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Has a component's connections in the place of accepted ones, under Kestrel as <see cref="SocketTransport"/>.</summary>
internal sealed class SourceTransport(IConnectionSource source, bool inlineCompletions) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => true;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new SourceListener(endpoint, source, inlineCompletions));

    private sealed class SourceListener : IConnectionListener
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly IAsyncEnumerator<ConnectionContext> _connections;
        private readonly bool _inlineCompletions;

        public SourceListener(EndPoint endPoint, IConnectionSource source, bool inlineCompletions)
        {
            EndPoint = endPoint;
            _inlineCompletions = inlineCompletions;
            _connections = source.AcceptAsync(_stop.Token).GetAsyncEnumerator(_stop.Token);
        }

        public EndPoint EndPoint { get; }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                if (!await _connections.MoveNextAsync())
                {
                    return null;
                }

                // A plain socket was dialled on a loop; what runs over TLS has only its streams there.
                var connection = _connections.Current;
                if (_inlineCompletions && connection is not SocketConnection { Loop: not null } && EpollLoop.Next() is { } loop)
                {
                    connection.Features.Set<EventLoop>(loop);
                }

                return connection;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return null;
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await _stop.CancelAsync();

        // The server accepts until it hears of the end, which is before this.
        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _connections.DisposeAsync();
        }
    }
}
