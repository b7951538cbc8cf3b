using System.ComponentModel;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A relay of byte streams between a client and an upstream. The end of each side is passed on and the other goes on sending; a reset of one
/// resets the other; what is silent or open for too long is ended.
/// </summary>
internal sealed class StreamRelay : IHeartbeatTarget
{
    // Milliseconds until what was asked to end is cut.
    private const long Patience = 3000;

    // Milliseconds without a byte after which a direction has nothing more to say.
    private const long Silence = 1000;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);
    private readonly ConnectionContext _client;
    private readonly RelayOptions _options;
    private readonly Heartbeat _heartbeat;
    private readonly CancellationTokenSource? _cut;
    private StreamLease _lease = null!;
    private Task _upward = Task.CompletedTask;
    private Task _downward = Task.CompletedTask;
    private CancellationTokenRegistration _stopped;
    private RelayDirection _up = null!;
    private RelayDirection _down = null!;
    private long _idle;
    private long _endAt;
    private string? _reason;
    private long _lastMove;
    private long _cutAt;
    private volatile bool _isStopping;

    /// <param name="client">Stays the caller's.</param>
    /// <param name="options">Deadlines and rates.</param>
    /// <param name="heartbeat">Looks after the deadlines.</param>
    /// <param name="time">The clock rates are kept by.</param>
    public StreamRelay(ConnectionContext client, RelayOptions options, Heartbeat heartbeat, TimeProvider time)
    {
        (_client, _options, _heartbeat, Time) = (client, options, heartbeat, time);
        _cut = options.ToUpstream.Count + options.ToDownstream.Count > 0 ? new CancellationTokenSource() : null;
    }

    /// <summary>The clock rates are kept by.</summary>
    public TimeProvider Time { get; }

    /// <summary>Ends the waits for rates.</summary>
    internal CancellationToken Cut => _cut?.Token ?? default;

    internal bool IsStopping => _isStopping;

    /// <summary>Whether an exception says that a connection has failed. A SocketException is a Win32Exception, and so is what TLS says when it cannot say good-bye.</summary>
    internal static bool IsBreak(Exception e) =>
        e is IOException or Win32Exception or InvalidOperationException or ObjectDisposedException or OperationCanceledException;

    /// <summary>
    /// Waits for the upstream and runs until both directions have ended; then the lease is given back. All an open relay keeps is this method's
    /// state and that of its two directions: whoever opens the upstream leaves nothing behind.
    /// </summary>
    /// <param name="opening">The upstream's, or why there is none.</param>
    /// <param name="stop">Cuts the relay.</param>
    public async Task<RelayReport> RunAsync(Task<StreamLease> opening, CancellationToken stop)
    {
        try
        {
            _lease = await opening;
        }
        catch (OperationCanceledException)
        {
            return new RelayReport(0, 0, "aborted", null, false);
        }

        if (_lease.Connection is null)
        {
            return new RelayReport(0, 0, _lease.Reason, _lease.Endpoint, false);
        }

        try
        {
            Begin(_lease.Connection, stop);
            await _upward;
            await _downward;
        }
        finally
        {
            // What cuts the waits is not disposed: a heartbeat or a stop that is under way may still reach for it.
            _heartbeat.Remove(this);
            _stopped.Unregister();
            await _lease.DisposeAsync();
        }

        return new RelayReport(_up.Bytes, _down.Bytes, _reason ?? "closed", _lease.Endpoint, true);
    }

    public void OnHeartbeat(long now)
    {
        if (_cutAt > 0)
        {
            if (now >= _cutAt)
            {
                // A side that takes nothing keeps a write waiting, which nothing but this ends.
                Abort(null);
            }
        }
        else if (_endAt > 0 && now >= _endAt)
        {
            StopSoon("max_duration", now);
        }
        else if (_idle > 0 && now - Volatile.Read(ref _lastMove) > _idle)
        {
            StopSoon("idle_timeout", now);
        }
    }

    /// <summary>Waits until the other direction has ended, or has had nothing to pass on for a while.</summary>
    internal async Task AwaitSilenceAsync(RelayDirection ended)
    {
        var other = ended == _up ? _down : _up;
        while (!other.HasEnded && !Cut.IsCancellationRequested && _heartbeat.Now - other.MovedAt < Silence)
        {
            await Task.Delay(LookAgain, Time, Cut).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Something was passed on.</summary>
    /// <returns>When, on the heartbeat's clock.</returns>
    internal long OnProgress()
    {
        var now = _heartbeat.Now;
        Volatile.Write(ref _lastMove, now);
        return now;
    }

    /// <summary>Notes who cut a connection that failed: one that was closed here, and not by this relay, was cut by the proxy.</summary>
    internal void Note(Exception e) =>
        Note(e is ConnectionAbortedException or ObjectDisposedException ? SocketError.OperationAborted : (e.InnerException as SocketException)?.SocketErrorCode ?? default);

    internal void Note(SocketError error)
    {
        if (error == SocketError.OperationAborted)
        {
            EndBecause("aborted");
        }
    }

    /// <summary>The first reason is the cause, and the others its effects.</summary>
    internal void EndBecause(string reason) => Interlocked.CompareExchange(ref _reason, reason, null);

    /// <summary>A direction is over.</summary>
    internal void OnEnded(RelayDirection direction, DirectionEnd end)
    {
        var isUp = direction == _up;
        switch (end)
        {
            case DirectionEnd.ReadFailed:
                EndBecause(isUp ? "client_reset" : "upstream_reset");
                Break(isUp ? _lease.Connection! : _client);
                break;

            case DirectionEnd.WriteFailed:
                // What the receiver sent before it left is still to be passed on: the other direction ends with that, or with the reset.
                EndBecause(isUp ? "upstream_reset" : "client_reset");
                break;
        }
    }

    private static long Milliseconds(TimeSpan time) => time > TimeSpan.Zero ? Math.Max(1, (long)time.TotalMilliseconds) : 0;

    /// <summary>The upstream is there.</summary>
    private void Begin(ConnectionContext upstream, CancellationToken stop)
    {
        SocketKeepAlive.Set(_client, _options.KeepAlive);
        SocketKeepAlive.Set(upstream, _options.KeepAlive);
        _up = new RelayDirection(this, _client, upstream, _options.ToUpstream, "client_closed");
        _down = new RelayDirection(this, upstream, _client, _options.ToDownstream, "upstream_closed");
        _idle = Milliseconds(_options.IdleTimeout);
        _endAt = _options.MaxDuration > TimeSpan.Zero ? _heartbeat.DueAfter(Milliseconds(_options.MaxDuration)) : 0;
        _lastMove = _heartbeat.Now;
        if (_idle > 0 || _endAt > 0)
        {
            _heartbeat.Add(this);
        }

        _stopped = stop.UnsafeRegister(static relay => ((StreamRelay)relay!).Abort("aborted"), this);
        _upward = _up.RunAsync();
        _downward = _down.RunAsync();
    }

    private void StopSoon(string reason, long now)
    {
        EndBecause(reason);
        _isStopping = true;
        Volatile.Write(ref _cutAt, now + Patience);
        _cut?.Cancel();
        _up.Stop();
        _down.Stop();
    }

    private void Abort(string? reason)
    {
        if (reason is not null)
        {
            EndBecause(reason);
        }

        Break(_client);
        Break(_lease.Connection!);
    }

    private void Break(ConnectionContext connection)
    {
        _cut?.Cancel();
        ConnectionReset.Abort(connection);
    }
}
