using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>A byte stream to an endpoint with the places it has among its cluster's limits, which it gives back when it is closed.</summary>
internal sealed class StreamLease : IAsyncDisposable
{
    private readonly IStreamPlaces? _requests;
    private readonly ConnectionLimit? _connections;
    private int _closed;

    /// <summary>None: why.</summary>
    public StreamLease(ProxyError error, Endpoint? last) => (Error, Endpoint) = (error, last);

    public StreamLease(ConnectionContext connection, Endpoint endpoint, IStreamPlaces requests, ConnectionLimit? connections) =>
        (Connection, Endpoint, _requests, _connections) = (connection, endpoint, requests, connections);

    private StreamLease(ConnectionContext connection) => Connection = connection;

    /// <summary>A stream that stays its caller's: nothing is given back with the lease.</summary>
    public static StreamLease Of(ConnectionContext connection) => new(connection);

    public ProxyError Error { get; }

    /// <summary>A stable code for why there is none.</summary>
    public string Reason { get; init; } = "";

    /// <summary>None, because the cluster has nobody, or nobody left, to take it: another may be asked.</summary>
    public bool IsNotTaken { get; init; }

    public ConnectionContext? Connection { get; }

    /// <summary>Of the stream, or the last that was tried.</summary>
    public Endpoint? Endpoint { get; }

    public async ValueTask DisposeAsync()
    {
        if (Connection is null || _requests is null || Interlocked.Exchange(ref _closed, 1) != 0)
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
            _requests.Leave();
        }
    }
}
