using System.Net;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>Where accepted connections come in: the limits on their number, TLS, connection filters, then HTTP.</summary>
internal sealed class ConnectionEntry(string listener, SnapshotStore snapshots, ProxyServices services)
{
    private int _open;
    private Sampler _full, _allFull, _clientFull, _exhausted;

    /// <summary>A connection was accepted: counts it and runs the filters that stand first.</summary>
    public async Task OnAcceptedAsync(ConnectionContext connection, IReadOnlyList<IConnectionFilter> filters, ConnectionDelegate next)
    {
        var rules = snapshots.Current.Listeners[listener];
        var client = ClientOf(connection, rules);
        if (TryEnter(rules, client) is var reached && reached != Limit.None)
        {
            Refuse(connection, rules, reached);
            return;
        }

        try
        {
            await RunAsync(connection, filters, next);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            services.ConnectionCounts.Remove();
            if (client is { } key)
            {
                services.ConnectionCounts.Remove(key);
            }
        }
    }

    /// <summary>Runs the handshake and tells when it took too long: it ends quietly then.</summary>
    public async Task OnTlsAsync(ConnectionContext connection, TimeSpan timeout, ConnectionDelegate next)
    {
        var due = services.Heartbeat.DueAfter((long)timeout.TotalMilliseconds) - (2 * (long)Transport.Heartbeat.DefaultInterval.TotalMilliseconds);
        await next(connection);
        if (timeout > TimeSpan.Zero && services.Heartbeat.Now >= due && connection.Features.Get<TlsDone>() is null)
        {
            services.Limits.Reached(Limit.TlsHandshake);
            services.Log.TlsHandshakeTimeout(listener, timeout);
        }
    }

    /// <summary>The handshake is over: runs the filters that stand behind TLS.</summary>
    public static Task OnTlsDoneAsync(ConnectionContext connection, IReadOnlyList<IConnectionFilter> filters, ConnectionDelegate next)
    {
        connection.Features.Set(TlsDone.Mark);
        return RunAsync(connection, filters, next);
    }

    /// <summary>There was no descriptor for a new connection.</summary>
    public void OnExhausted()
    {
        services.Limits.Reached(Limit.Descriptors);
        if (_exhausted.TryTake(services.Heartbeat.Now, out var skipped))
        {
            services.Log.OutOfDescriptors(listener, skipped);
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

    /// <summary>Whom to count it for; null where clients are not limited.</summary>
    private static ClientKey? ClientOf(ConnectionContext connection, ListenerRules rules) =>
        rules.MaxConnectionsPerClient > 0 && connection.RemoteEndPoint is IPEndPoint { Address: var address }
        && !rules.Forwarding.Trusts(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
            ? ClientKey.Of(address)
            : null;

    /// <summary>Counts a connection. Otherwise the limit that is reached, and nothing is counted.</summary>
    private Limit TryEnter(ListenerRules rules, ClientKey? client)
    {
        var counts = services.ConnectionCounts;
        var reached = Limit.None;
        if (Interlocked.Increment(ref _open) > rules.MaxConnections && rules.MaxConnections > 0)
        {
            reached = Limit.Connections;
        }
        else if (!counts.TryAdd(rules.MaxConnectionsInAll))
        {
            reached = Limit.ConnectionsInAll;
        }
        else if (client is { } key && !counts.TryAdd(key, rules.MaxConnectionsPerClient))
        {
            counts.Remove();
            reached = Limit.ConnectionsPerClient;
        }

        if (reached != Limit.None)
        {
            Interlocked.Decrement(ref _open);
        }

        return reached;
    }

    /// <summary>Resets it: with nothing read and nothing said, that costs least, and the client knows at once.</summary>
    private void Refuse(ConnectionContext connection, ListenerRules rules, Limit reached)
    {
        services.Limits.Reached(reached);
        var now = services.Heartbeat.Now;
        switch (reached)
        {
            case Limit.Connections when _full.TryTake(now, out var skipped):
                services.Log.ConnectionLimit(listener, Limits.KeyOf(reached), rules.MaxConnections, skipped);
                break;

            case Limit.ConnectionsInAll when _allFull.TryTake(now, out var skipped):
                services.Log.ConnectionLimit(listener, Limits.KeyOf(reached), rules.MaxConnectionsInAll, skipped);
                break;

            case Limit.ConnectionsPerClient when _clientFull.TryTake(now, out var skipped):
                services.Log.ClientLimit(listener, connection.RemoteEndPoint?.ToString() ?? "-", rules.MaxConnectionsPerClient, skipped);
                break;
        }

        ConnectionReset.Abort(connection);
    }

    private sealed class TlsDone
    {
        public static readonly TlsDone Mark = new();
    }
}
