using System.Buffers;
using System.Net;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// Where a listener's accepted connections come in: the limits on their number, TLS, connection filters, then HTTP. What they pass
/// through is the plan in force when they are accepted.
/// </summary>
internal sealed class ConnectionEntry(ListenerPlan plan, SnapshotStore snapshots, ProxyServices services)
{
    private Http2Refusals? _refusals;
    private readonly TlsEntry _tls = new(services);
    private readonly HttpEntry _http = new(snapshots, services);
    private readonly TaskCompletionSource<bool> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ListenerPlan _plan = plan;
    private volatile Way? _way;
    private volatile bool _isDraining;
    private int _open;
    private long _accepted;
    private Sampler _full, _allFull, _clientFull, _exhausted, _overloaded;

    /// <summary>What connections accepted from now on pass through.</summary>
    public ListenerPlan Plan
    {
        get => _plan;
        set
        {
            _plan = value;
            _way = null;
        }
    }

    /// <summary>Connections open now.</summary>
    public int OpenConnections => Volatile.Read(ref _open);

    /// <summary>Connections let in so far.</summary>
    public long AcceptedConnections => Volatile.Read(ref _accepted);

    /// <summary>What Kestrel's engine and ours refuse of its connections.</summary>
    public Http2Refusals Refusals => _refusals ??= new Http2Refusals(this, services);

    /// <summary>The Alt-Svc field that tells clients of HTTP/3; empty where there is none.</summary>
    public byte[] AltSvc { get; set; } = [];

    /// <summary>What serves connections that do not speak HTTP/1: Kestrel's own engine.</summary>
    public ConnectionDelegate? Engine { get; set; }

    /// <summary>What the engine's pipes are made of; null for the runtime's shared arrays.</summary>
    public MemoryPool<byte>? Memory { get; set; }

    /// <summary>Whether the listener or the process is stopping: connections end after their current exchange.</summary>
    public bool IsDraining => _isDraining || services.IsDraining;

    /// <summary>Lets connections in that were accepted before the listener's configuration was in force, and all later ones.</summary>
    public void Open() => _opened.TrySetResult(true);

    /// <summary>The listener is going away.</summary>
    public void BeginDrain()
    {
        _isDraining = true;
        _opened.TrySetResult(false);
    }

    /// <summary>A connection was accepted: counts it and runs what stands before HTTP.</summary>
    /// <param name="connection">As the transport made it.</param>
    public Task OnAcceptedAsync(ConnectionContext connection) => OnAcceptedAsync(connection, null);

    /// <summary>As above, but what stands before HTTP is passed by.</summary>
    /// <param name="connection">As the transport made it.</param>
    /// <param name="serve">What serves it; null for what the listener has.</param>
    public async Task OnAcceptedAsync(ConnectionContext connection, ConnectionDelegate? serve)
    {
        if (!_opened.Task.IsCompleted && !await _opened.Task)
        {
            connection.Abort();
            return;
        }

        var plan = _plan;
        if (!snapshots.Current.Listeners.TryGetValue(plan.Name, out var rules))
        {
            // Removed or renamed this very moment.
            connection.Abort();
            return;
        }

        var told = plan.HasFilters && rules.MaxConnectionsPerClient > 0 ? ToldClient.Of(connection, plan, rules) : null;
        var client = told is null ? ClientOf(connection, rules) : null;
        if (TryEnter(rules, client) is var reached && reached != Limit.None)
        {
            Refuse(connection, rules, reached);
            return;
        }

        Interlocked.Increment(ref _accepted);
        plan.Hold.Enter();
        var books = plan.Loggers.Count > 0 ? ConnectionBooks.Open(connection, plan, services) : null;
        try
        {
            await (serve ?? WayOf(plan, told))(connection);
        }
        finally
        {
            books?.Close();
            plan.Hold.Leave();
            Interlocked.Decrement(ref _open);
            services.ConnectionCounts.Remove();
            if ((told is null ? client : told.Client) is { } key)
            {
                services.ConnectionCounts.Remove(key);
            }
        }
    }

    /// <summary>
    /// The listener's rules for an exchange that begins under a snapshot. A listener that is gone has no rules any more; its
    /// connections end under those they had.
    /// </summary>
    public ListenerRules RulesOf(ProxySnapshot snapshot, ProxyExchange exchange)
    {
        var name = _plan.Name;
        if (!snapshot.Listeners.TryGetValue(name, out var rules))
        {
            return exchange.Rules ?? new ListenerRules { Name = name };
        }

        exchange.Downstream.ListenerName = name;
        return rules;
    }

    /// <summary>There was no descriptor for a new connection.</summary>
    public void OnExhausted()
    {
        services.Limits.Reached(Limit.Descriptors);
        if (_exhausted.TryTake(services.Heartbeat.Now, out var skipped))
        {
            services.Log.OutOfDescriptors(_plan.Name, skipped);
        }
    }

    /// <summary>What connections pass through under a plan, made once; again for one whose client a filter will tell.</summary>
    private ConnectionDelegate WayOf(ListenerPlan plan, ToldClient? told)
    {
        if (told is not null)
        {
            return Lead(plan, told);
        }

        var way = _way;
        if (way is null || !ReferenceEquals(way.Plan, plan))
        {
            way = new Way(plan, Lead(plan, null));
            _way = ReferenceEquals(plan, _plan) ? way : null;
        }

        return way.Run;
    }

    private ConnectionDelegate Lead(ListenerPlan plan, ToldClient? told)
    {
        ConnectionDelegate http = connection => _http.RunAsync(connection, plan, this);
        if (plan.Tls is null)
        {
            return Lead(plan.BeforeTls, told, http);
        }

        var plain = Lead(plan.AfterTls, told, http);
        return Lead(plan.BeforeTls, told, connection => _tls.RunAsync(connection, plan, plain));
    }

    /// <summary>Leads through filters in order; each decides whether the next is reached.</summary>
    private ConnectionDelegate Lead(IReadOnlyList<IConnectionFilter> filters, ToldClient? told, ConnectionDelegate last)
    {
        var next = last;
        for (var i = filters.Count - 1; i >= 0; i--)
        {
            var (filter, after) = (filters[i], next);
            next = told is not null && ReferenceEquals(told.Filter, filter)
                ? connection => filter.OnConnectionAsync(connection, CountTold(told, after))
                : connection => filter.OnConnectionAsync(connection, after);
        }

        return next;
    }

    /// <summary>Counts a connection for the client a filter told, and goes on where that is within the limit.</summary>
    private ConnectionDelegate CountTold(ToldClient told, ConnectionDelegate next) => connection =>
    {
        if (ClientOf(connection, told.Rules) is { } client)
        {
            if (!services.ConnectionCounts.TryAdd(client, told.Rules.MaxConnectionsPerClient))
            {
                Refuse(connection, told.Rules, Limit.ConnectionsPerClient);
                return Task.CompletedTask;
            }

            told.Client = client;
        }

        return next(connection);
    };

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
        if (services.Load.Stage >= OverloadStage.Refuse)
        {
            return Limit.OverloadRefuse;
        }

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
                services.Log.ConnectionLimit(rules.Name, Limits.KeyOf(reached), rules.MaxConnections, skipped);
                break;

            case Limit.ConnectionsInAll when _allFull.TryTake(now, out var skipped):
                services.Log.ConnectionLimit(rules.Name, Limits.KeyOf(reached), rules.MaxConnectionsInAll, skipped);
                break;

            case Limit.OverloadRefuse when _overloaded.TryTake(now, out var skipped):
                services.Log.OverloadRefusal(rules.Name, skipped);
                break;

            case Limit.ConnectionsPerClient when _clientFull.TryTake(now, out var skipped):
                services.Log.ClientLimit(rules.Name, connection.RemoteEndPoint?.ToString() ?? "-", rules.MaxConnectionsPerClient, skipped);
                break;
        }

        ConnectionReset.Abort(connection);
    }

    private sealed record Way(ListenerPlan Plan, ConnectionDelegate Run);
}
