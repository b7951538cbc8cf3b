using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>Where accepted connections come in: the listener's limit, its connection filters, then HTTP.</summary>
internal sealed class ConnectionEntry(string listener, SnapshotStore snapshots, ProxyServices services)
{
    private int _open;
    private int _warned;

    /// <summary>A connection was accepted: counts it and runs the filters that stand first.</summary>
    public async Task OnAcceptedAsync(ConnectionContext connection, IReadOnlyList<IConnectionFilter> filters, ConnectionDelegate next)
    {
        var limit = snapshots.Current.Listeners[listener].MaxConnections;
        try
        {
            if (Interlocked.Increment(ref _open) > limit && limit > 0)
            {
                if (Interlocked.Exchange(ref _warned, 1) == 0)
                {
                    services.Log.ConnectionLimit(listener, limit);
                }

                connection.Abort();
                return;
            }

            await RunAsync(connection, filters, next);
        }
        finally
        {
            if (Interlocked.Decrement(ref _open) < limit / 2)
            {
                _warned = 0;
            }
        }
    }

    /// <summary>Runs filters in order; each decides whether the next is reached.</summary>
    public static Task RunAsync(ConnectionContext connection, IReadOnlyList<IConnectionFilter> filters, ConnectionDelegate last)
    {
        return filters.Count == 0 ? last(connection) : Step(0)(connection);

        ConnectionDelegate Step(int index) =>
            index == filters.Count ? last : c => filters[index].OnConnectionAsync(c, Step(index + 1));
    }

    /// <summary>The end of the list: HTTP/1 over whatever transport the filters left.</summary>
    public Task OnHttpAsync(ConnectionContext connection, string listenerName) =>
        new Http1Connection(connection, listenerName, snapshots, services).RunAsync();
}
