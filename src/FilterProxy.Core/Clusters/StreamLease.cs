using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Clusters;

/// <summary>A byte stream to an endpoint with the places it has among its cluster's limits, which it gives back when it is closed.</summary>
internal sealed class StreamLease : IAsyncDisposable
{
    private readonly RequestLimiter? _requests;
    private readonly ConnectionLimit? _connections;
    private int _closed;

    /// <summary>None: why.</summary>
    public StreamLease(ProxyError error, Endpoint? last) => (Error, Endpoint) = (error, last);

    public StreamLease(ConnectionContext connection, Endpoint endpoint, RequestLimiter requests, ConnectionLimit? connections) =>
        (Connection, Endpoint, _requests, _connections) = (connection, endpoint, requests, connections);

    public ProxyError Error { get; }

    public ConnectionContext? Connection { get; }

    /// <summary>Of the stream, or the last that was tried.</summary>
    public Endpoint? Endpoint { get; }

    public async ValueTask DisposeAsync()
    {
        if (Connection is null || Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        try
        {
            await Connection.DisposeAsync();
        }
        finally
        {
            Endpoint!.End();
            _connections?.Return();
            _requests!.Leave();
        }
    }
}
