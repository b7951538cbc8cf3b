using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Telemetry.Metrics;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>What <see cref="ConnectionPool.RentAsync"/> gives: a connection or the reason why not.</summary>
internal readonly record struct RentResult(UpstreamConnection? Connection, ProxyError Error);

/// <summary>
/// The connections to one peer. One shelf of idle ones per event loop, so an exchange usually stays on its loop; limits are
/// counted over all shelves.
/// </summary>
internal sealed partial class ConnectionPool : IHeartbeatTarget
{
    private readonly UpstreamPeer _peer;
    private readonly IConnector _connector;
    private readonly PoolRules _rules;
    private readonly Heartbeat _heartbeat;
    private readonly IdleShelf[] _shelves;
    private readonly ConcurrentQueue<TaskCompletionSource<UpstreamConnection?>> _waiting = new();
    private readonly Action<UpstreamConnection> _discard;
    private int _open;
    private int _warming;
    private int _closed;

    public ConnectionPool(UpstreamPeer peer, IConnector connector, PoolRules rules, Heartbeat heartbeat, int shelves)
    {
        _peer = peer;
        _connector = connector;
        _rules = rules;
        _heartbeat = heartbeat;
        _shelves = new IdleShelf[Math.Max(1, shelves)];
        for (var i = 0; i < _shelves.Length; i++)
        {
            _shelves[i] = new IdleShelf((rules.MaxIdle + _shelves.Length - 1) / _shelves.Length);
        }

        _takers = rules.TakesReturned ? new() : null;
        _discard = Discard;
        heartbeat.Add(this);
    }

    /// <summary>Connections open now, idle or in use.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Idle connections now.</summary>
    public int Idle
    {
        get
        {
            var idle = 0;
            foreach (var shelf in _shelves)
            {
                idle += shelf.Count;
            }

            return idle;
        }
    }

    /// <summary>Exchanges that wait for a connection to come back.</summary>
    public int Pending => _waiting.Count(waiter => !waiter.Task.IsCompleted) + (_takers?.Count(taker => !taker.Task.IsCompleted) ?? 0);

    // Ahead of requests nothing is opened to an endpoint that new ones do not go to.
    private int Wanted => _peer.Endpoint.IsDraining || _peer.Endpoint.IsInMaintenance ? 0 : _rules.Min;

    /// <summary>Lends an idle connection; null when there is none.</summary>
    /// <param name="downstream">The client it is for.</param>
    public UpstreamConnection? TryRent(DownstreamInfo? downstream = null) =>
        !_rules.PerDownstream ? TakeIdle() : downstream is null ? null : TakeIdle(downstream);

    /// <summary>Lends a new connection, or, at the limit, the next that comes back.</summary>
    /// <param name="context">For the connector.</param>
    /// <param name="cancel">The exchange's.</param>
    /// <param name="perTry">Milliseconds the attempt may take that wants it; 0 for no limit.</param>
    /// <param name="fresh">Whether one that has been idle will not do.</param>
    public ValueTask<RentResult> RentAsync(ConnectContext context, CancellationToken cancel, long perTry = 0, bool fresh = false) =>
        TryReserve(out var full) || TryReplace() ? (_takers is null ? OpenAsync(context, cancel, perTry) : OpenOrTakeAsync(context, perTry, fresh, cancel))
        : full == Limit.MaxConnections && Open == 0 ? new(Refused(full))
        : _waiting.Count >= _rules.MaxPending ? new(Refused(_rules.MaxPending == 0 ? Limit.PoolMax : Limit.MaxPending))
        : WaitAsync(context, perTry, cancel);

    /// <summary>Takes a connection back that can serve again. The exchange must be done with it, bytes and callbacks.</summary>
    public void Return(UpstreamConnection connection)
    {
        if (Volatile.Read(ref _closed) != 0 || IsTooOld(connection, _heartbeat.Now) || connection.Downstream is { IsClosed: true }
            || _peer.Endpoint.IsInMaintenance
            || (_rules.PerDownstream && !_waiting.IsEmpty))
        {
            // Where connections serve one client alone, a waiter has no use of this one but its place.
            Discard(connection);
            return;
        }

        connection.Reused = true;
        connection.IdleSince = _heartbeat.Now;
        while (_waiting.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult(connection))
            {
                return;
            }
        }

        if (_takers is not null && TryHandToTaker(connection))
        {
            return;
        }

        connection.Prefetch();
        if (!OwnShelf().TryPut(connection))
        {
            Discard(connection);
        }
        else if (Volatile.Read(ref _closed) != 0)
        {
            CloseIdle();
        }
    }

    /// <summary>Takes a connection that was opened elsewhere and has served nothing yet.</summary>
    public void Adopt(ConnectionContext connection)
    {
        Interlocked.Increment(ref _open);
        _rules.InAll?.Take();
        var adopted = new UpstreamConnection(this, connection, _heartbeat.Now);
        Return(adopted);
        adopted.Reused = false;
    }

    /// <summary>Closes an idle connection, for its place; false when there is none.</summary>
    public bool TryCloseIdle()
    {
        if (TakeIdle() is not { } connection)
        {
            return false;
        }

        Discard(connection);
        return true;
    }

    /// <summary>Closes a connection that cannot serve again.</summary>
    public void Discard(UpstreamConnection connection)
    {
        connection.Close();
        Release();
    }

    /// <summary>Closes idle connections and those that come back from now on.</summary>
    public void Close()
    {
        Volatile.Write(ref _closed, 1);
        _heartbeat.Remove(this);
        CloseIdle();
    }

    public void OnHeartbeat(long now)
    {
        foreach (var shelf in _shelves)
        {
            if (shelf.Count > 0)
            {
                shelf.Sweep((Pool: this, Now: now), static (c, s) => s.Pool.IsOver(c, s.Now), _discard);
            }
        }

        if (Open < Wanted && Interlocked.Exchange(ref _warming, 1) == 0)
        {
            _ = WarmAsync();
        }
    }

    private UpstreamConnection? TakeIdle()
    {
        var own = EventLoop.CurrentIndex % _shelves.Length;
        for (var i = 0; i < _shelves.Length; i++)
        {
            var shelf = _shelves[(own + i) % _shelves.Length];
            while (shelf.Take() is { } connection)
            {
                if (connection.IsAlive && !IsTooOld(connection, _heartbeat.Now))
                {
                    return connection;
                }

                Discard(connection);
            }
        }

        return null;
    }

    private UpstreamConnection? TakeIdle(DownstreamInfo downstream)
    {
        var addresses = DownstreamAddresses.Of(downstream);
        var own = EventLoop.CurrentIndex % _shelves.Length;
        for (var i = 0; i < _shelves.Length; i++)
        {
            while (_shelves[(own + i) % _shelves.Length].Take(addresses) is { } connection)
            {
                if (connection.IsAlive && !IsTooOld(connection, _heartbeat.Now))
                {
                    return connection;
                }

                Discard(connection);
            }
        }

        return null;
    }

    /// <summary>Where connections serve one client alone: closes another's idle one for its place under the limit.</summary>
    private bool TryReplace()
    {
        if (!_rules.PerDownstream || TakeIdle() is not { } other)
        {
            return false;
        }

        other.Close();
        return true;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<RentResult> OpenAsync(ConnectContext context, CancellationToken cancel, long perTry = 0)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(TimeToConnect(perTry));
        try
        {
            var metrics = _peer.Endpoint.Metrics as EndpointMetrics;
            var began = metrics?.Timestamp ?? 0;
            var connection = await _connector.ConnectAsync(_peer, context, timeout.Token);
            metrics?.RecordConnect(began);
            return new RentResult(Hold(connection, context.Downstream), default);
        }
        catch (UpstreamException e)
        {
            Release();
            return new RentResult(null, Attribute(e.Error, perTry));
        }
        catch (Exception e)
        {
            Release();
            return new RentResult(null, Attribute(ErrorOf(e), perTry));
        }
    }

    private UpstreamConnection Hold(ConnectionContext connection, DownstreamInfo? downstream) =>
        _rules.PerDownstream && downstream is not null
            ? new(this, connection, _heartbeat.Now) { Downstream = downstream, Addresses = DownstreamAddresses.Of(downstream) }
            : new(this, connection, _heartbeat.Now);

    private TimeSpan TimeToConnect(long perTry) => EndsWithTheTry(perTry) ? TimeSpan.FromMilliseconds(perTry)
        : _rules.ConnectTimeout > TimeSpan.Zero ? _rules.ConnectTimeout
        : Timeout.InfiniteTimeSpan;

    private bool EndsWithTheTry(long perTry) =>
        perTry > 0 && (_rules.ConnectTimeout <= TimeSpan.Zero || perTry < _rules.ConnectTimeout.TotalMilliseconds);

    /// <summary>Whose time it was that was up.</summary>
    private ProxyError Attribute(in ProxyError error, long perTry) =>
        error.Detail == Limits.DetailOf(Limit.Connect) && EndsWithTheTry(perTry) ? error with { Detail = Limits.DetailOf(Limit.PerTry) } : error;

    /// <summary>What it means that a connector failed without saying how: its time was up, or it has a fault.</summary>
    public static ProxyError ErrorOf(Exception exception) => exception is OperationCanceledException
        ? ProxyError.Upstream(ProxyErrorKind.ConnectTimeout, retryable: true, Limits.DetailOf(Limit.Connect), exception)
        : ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "connector_failed", exception);

    private async ValueTask<RentResult> WaitAsync(ConnectContext context, long perTry, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(TimeToConnect(perTry));
        while (true)
        {
            var waiter = new TaskCompletionSource<UpstreamConnection?>(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = timeout.Token.Register(static state => ((TaskCompletionSource<UpstreamConnection?>)state!).TrySetCanceled(), waiter);
            _waiting.Enqueue(waiter);

            // One may have come back between the look at the shelves and the entry in the queue.
            if (!_rules.PerDownstream && TakeIdle() is { } idle && !waiter.TrySetResult(idle))
            {
                Return(idle);
            }
            else if ((TryReserve(out _) || TryReplace()) && !waiter.TrySetResult(null))
            {
                Release();
            }

            try
            {
                if (await waiter.Task is { } connection)
                {
                    return new RentResult(connection, default);
                }

                return await OpenAsync(context, timeout.Token, perTry);
            }
            catch (OperationCanceledException)
            {
                return Refused(Limit.PoolMax);
            }
        }
    }

    /// <summary>Takes a place for a connection; false where there is none, with the limit that says so.</summary>
    private bool TryReserve(out Limit full)
    {
        full = Limit.PoolMax;
        int open;
        do
        {
            // Never above the limit for a moment: one that sees that moment would wait, and nobody would wake it.
            open = Open;
            if (_rules.Max > 0 && open >= _rules.Max)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _open, open + 1, open) != open);

        if (_rules.InAll?.TryTake() != false)
        {
            return true;
        }

        full = Limit.MaxConnections;
        Interlocked.Decrement(ref _open);
        return false;
    }

    /// <summary>Gives one place of the limit back, straight to a waiter where there is one.</summary>
    private void Release()
    {
        while (_waiting.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult(null))
            {
                return;
            }
        }

        Interlocked.Decrement(ref _open);
        _rules.InAll?.Return();
    }

    private static RentResult Refused(Limit limit) =>
        new(null, ProxyError.Upstream(ProxyErrorKind.Overloaded, retryable: false, Limits.DetailOf(limit)));

    private async Task WarmAsync()
    {
        try
        {
            while (Open < Wanted && Volatile.Read(ref _closed) == 0 && TryReserve(out _))
            {
                var rented = await OpenAsync(default, CancellationToken.None);
                if (rented.Connection is null)
                {
                    return;
                }

                Return(rented.Connection);
                rented.Connection.Reused = false;
            }
        }
        finally
        {
            Volatile.Write(ref _warming, 0);
        }
    }

    private void CloseIdle()
    {
        foreach (var shelf in _shelves)
        {
            while (shelf.Take() is { } connection)
            {
                Discard(connection);
            }
        }
    }

    private bool IsOver(UpstreamConnection connection, long now) =>
        !connection.IsAlive
        || connection.Downstream is { IsClosed: true }
        || IsTooOld(connection, now)
        || (_rules.IdleTimeout > TimeSpan.Zero && now - connection.IdleSince > _rules.IdleTimeout.TotalMilliseconds && Open > Wanted);

    private bool IsTooOld(UpstreamConnection connection, long now) =>
        _rules.Lifetime > TimeSpan.Zero && now - connection.CreatedAt > _rules.Lifetime.TotalMilliseconds;

    private IdleShelf OwnShelf() => _shelves[EventLoop.CurrentIndex % _shelves.Length];
}
