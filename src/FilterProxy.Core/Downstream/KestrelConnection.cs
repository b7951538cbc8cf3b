using System.Buffers;
using System.Net;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// One client connection that Kestrel's engine serves, with its exchanges: one per stream, reused by later streams. Watches their
/// deadlines, and asks the client to go elsewhere (GOAWAY) when the connection has served its time.
/// </summary>
internal sealed class KestrelConnection : IHeartbeatTarget, IDrainable, IMemoryPoolFeature
{
    /// <summary>Milliseconds the last response of a connection may take to leave before its input ends.</summary>
    private const long ClosePatience = 2000;

    // What the engine copies at a time, between two changes of threads, and passes on as one piece; of its own it takes 4 KiB.
    private const int LargeBlock = 64 * 1024;

    // As much as one stream with the default window has at a time, and some others a little.
    private const int LargeBlocks = 16;

    private readonly ConnectionContext _connection;
    private readonly SnapshotStore _snapshots;
    private readonly ProxyServices _services;
    private readonly Lock _lock = new();
    private readonly Stack<KestrelExchange> _free = new();
    private readonly KestrelTransport _transport;
    private readonly long _connectedAt;
    private readonly long _idleTimeout;
    private readonly EndPoint? _remote;
    private readonly EndPoint? _local;
    private readonly MemoryPool<byte>? _memory;
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile KestrelExchange[] _exchanges = [];
    private long _requests;
    private long _requestsSeen;
    private long _idleSince;
    private int _closing;
    private int _running;
    private int _flooded;
    private bool _isOver;

    public KestrelConnection(ConnectionContext connection, ConnectionEntry entry, SnapshotStore snapshots, ProxyServices services)
    {
        _connection = connection;
        _snapshots = snapshots;
        _services = services;
        _connectedAt = services.Heartbeat.Now;
        var rules = snapshots.Current.Listeners.GetValueOrDefault(entry.Plan.Name) ?? new ListenerRules { Name = entry.Plan.Name };
        _remote = connection.RemoteEndPoint;
        _local = connection.LocalEndPoint;
        Loop = (connection as SocketConnection)?.Loop ?? EventLoop.Current ?? connection.Features.Get<EventLoop>();
        _transport = new KestrelTransport(
            connection.Transport, Loop, services.Heartbeat, rules.WriteTimeout, entry.Plan.Streams.ControlFrames, EndFlood);

        // A connection that was dialled is kept: whoever made it knows how long.
        _idleTimeout = entry.Plan.Source is null ? rules.IdleTimeout : 0;
        _memory = entry.Plan.Source is null ? entry.Memory : new BlockMemory(LargeBlock, LargeBlocks);
        Streams = connection.Features.Get<IStreamService>();
        Entry = entry;
    }

    public ConnectionEntry Entry { get; }

    /// <summary>What the engine's pipes are made of; only for a connection that was dialled, on which streams of bytes are bulk.</summary>
    MemoryPool<byte> IMemoryPoolFeature.MemoryPool => _memory!;

    /// <summary>Where the connection lives, and its exchanges run; null for the thread pool.</summary>
    public EventLoop? Loop { get; }

    /// <summary>Takes streams that are no requests; null where all are.</summary>
    public IStreamService? Streams { get; }

    /// <summary>The snapshot an exchange begins under.</summary>
    public ProxySnapshot CurrentSnapshot => _snapshots.Current;

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync(ConnectionDelegate engine)
    {
        var transport = _connection.Transport;
        _connection.Features.Set(this);
        if (_memory is not null)
        {
            _connection.Features.Set<IMemoryPoolFeature>(this);
        }

        _connection.Transport = _transport;
        _services.Connections.Add(this);
        _services.Heartbeat.Add(this);
        try
        {
            if (Entry.IsDraining)
            {
                RequestClose();
            }

            await engine(_connection);
        }
        finally
        {
            await EndStreamsAsync();
            await _transport.EndAsync(_services.Time);
            _services.Heartbeat.Remove(this);
            _services.Connections.Remove(this);
            foreach (var exchange in _exchanges)
            {
                exchange.Release();
            }

            _connection.Transport = transport;
        }
    }

    /// <summary>An exchange for a new stream.</summary>
    public KestrelExchange Rent(IFeatureCollection stream)
    {
        KestrelExchange? exchange;
        lock (_lock)
        {
            _requests++;
            if (_isOver || !_free.TryPop(out exchange))
            {
                exchange = new KestrelExchange(this, _services) { IsTooLate = _isOver };
                DownstreamFacts.Describe(exchange.Downstream, _connection, Entry, _remote, _local);
                _exchanges = _isOver ? _exchanges : [.. _exchanges, exchange];
            }

            _running += exchange.IsTooLate ? 0 : 1;
            exchange.Downstream.RequestNumber = _requests;
        }

        exchange.Attach(stream);
        return exchange;
    }

    /// <summary>The stream is over.</summary>
    public void Return(KestrelExchange exchange)
    {
        if (exchange.IsTooLate)
        {
            exchange.Release();
            return;
        }

        lock (_lock)
        {
            _free.Push(exchange);
            if (--_running == 0 && _isOver)
            {
                _empty.TrySetResult();
            }
        }
    }

    /// <summary>Lets this request be the last, where the connection's age, its number of requests or the load says so.</summary>
    public void LimitRequests(KestrelExchange exchange)
    {
        var rules = exchange.Rules;
        var limit = Entry.Plan.Source is not null ? Limit.None
            : rules.MaxRequestsPerConnection > 0 && exchange.Downstream.RequestNumber >= rules.MaxRequestsPerConnection ? Limit.RequestsPerConnection
            : rules.ConnectionDuration > 0 && _services.Heartbeat.Now - _connectedAt >= rules.ConnectionDuration ? Limit.ConnectionDuration
            : _services.Load.Stage >= OverloadStage.Close ? Limit.OverloadClose
            : Limit.None;
        if (limit != Limit.None && RequestClose())
        {
            _services.Limits.Reached(limit);
        }
    }

    public void OnHeartbeat(long now)
    {
        if (_transport.IsStuck(now))
        {
            _services.Limits.Reached(Limit.WriteTimeout);
            Entry.Refusals.Add("connection", "write_timeout", _connection.ConnectionId, "The client does not read.");
            Abort();
            return;
        }

        WatchIdle(now);
        foreach (var exchange in _exchanges)
        {
            if (exchange.HasDue(now))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.FireDeadlines(), this, preferLocal: false);
                return;
            }
        }
    }

    public bool Holds(ProxySnapshot snapshot) => _exchanges.Any(exchange => ReferenceEquals(exchange.Held, snapshot));

    public int CountOf(ProxySnapshot snapshot) => _exchanges.Count(exchange => ReferenceEquals(exchange.Held, snapshot));

    public string? ClientOf(string connectionId) => connectionId == _connection.ConnectionId ? _remote?.ToString() : null;

    /// <summary>The listener or the process is stopping: streams end, no more begin (RFC 9113 §6.8).</summary>
    public void Drain()
    {
        if (Entry.IsDraining)
        {
            RequestClose();
        }
    }

    public void Abort()
    {
        foreach (var exchange in _exchanges)
        {
            exchange.AbortSoon();
        }

        ConnectionReset.Abort(_connection);
    }

    public void Abort(ProxySnapshot snapshot)
    {
        foreach (var exchange in _exchanges)
        {
            if (ReferenceEquals(exchange.Held, snapshot))
            {
                exchange.AbortSoon();
            }
        }
    }

    /// <summary>
    /// Lets an idle connection go. One that is closing has its input ended a while after its last stream: while its server stops, Kestrel
    /// does not notice that the last one is over, and a client that does not close would be waited for in vain.
    /// </summary>
    private void WatchIdle(long now)
    {
        var requests = Volatile.Read(ref _requests);
        if (requests != _requestsSeen || IsBusy())
        {
            _requestsSeen = requests;
            _idleSince = 0;
        }
        else if (_idleSince == 0)
        {
            _idleSince = now;
        }
        else if (Volatile.Read(ref _closing) != 0)
        {
            if (now - _idleSince >= ClosePatience)
            {
                _idleSince = long.MaxValue;
                _transport.Input.CancelPendingRead();
            }
        }
        else if (_idleTimeout > 0 && now - _idleSince >= _idleTimeout && RequestClose())
        {
            _services.Limits.Reached(Limit.IdleTimeout);
        }
    }

    private bool IsBusy()
    {
        foreach (var exchange in _exchanges)
        {
            if (exchange.Held is not null || exchange.IsTaken)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Waits for the streams, which after a connection error Kestrel does not: it tells them, but some may just have begun. Until they
    /// have heard of it, and for what they do then, the heartbeat is theirs.
    /// </summary>
    private Task EndStreamsAsync()
    {
        lock (_lock)
        {
            _isOver = true;
            return _running == 0 ? Task.CompletedTask : _empty.Task;
        }
    }

    private bool RequestClose()
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
        {
            return false;
        }

        Volatile.Write(ref _idleSince, 0);
        _connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        return true;
    }

    private void EndFlood()
    {
        if (Interlocked.Exchange(ref _flooded, 1) == 0)
        {
            _services.Limits.Reached(Limit.ControlFrames);
            Entry.Refusals.Add("connection", "control_frames", _connection.ConnectionId, "The client sends frames that carry nothing.");
            Abort();
        }
    }

    private void FireDeadlines()
    {
        var now = _services.Heartbeat.Now;
        foreach (var exchange in _exchanges)
        {
            if (exchange.HasDue(now))
            {
                exchange.FireDeadlines(now);
            }
        }
    }
}
