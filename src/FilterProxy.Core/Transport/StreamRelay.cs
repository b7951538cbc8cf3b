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
    private readonly ConnectionContext _upstream;
    private readonly Heartbeat _heartbeat;
    private readonly RelayDirection _up;
    private readonly RelayDirection _down;
    private readonly long _idle;
    private readonly long _endAt;
    private readonly CancellationTokenSource? _cut;
    private string? _reason;
    private long _lastMove;
    private long _cutAt;
    private volatile bool _isStopping;

    public StreamRelay(ConnectionContext client, ConnectionContext upstream, RelayOptions options, Heartbeat heartbeat, TimeProvider time)
    {
        (_client, _upstream, _heartbeat, Time) = (client, upstream, heartbeat, time);
        _up = new RelayDirection(this, client, upstream, options.ToUpstream, "client_closed");
        _down = new RelayDirection(this, upstream, client, options.ToDownstream, "upstream_closed");
        _idle = Milliseconds(options.IdleTimeout);
        _endAt = options.MaxDuration > TimeSpan.Zero ? heartbeat.DueAfter(Milliseconds(options.MaxDuration)) : 0;
        _cut = options.ToUpstream.Count + options.ToDownstream.Count > 0 ? new CancellationTokenSource() : null;
        _lastMove = heartbeat.Now;
    }

    /// <summary>The clock rates are kept by.</summary>
    public TimeProvider Time { get; }

    /// <summary>Bytes to the upstream.</summary>
    public long ToUpstream => _up.Bytes;

    /// <summary>Bytes to the client.</summary>
    public long ToClient => _down.Bytes;

    /// <summary>Ends the waits for rates.</summary>
    internal CancellationToken Cut => _cut?.Token ?? default;

    internal bool IsStopping => _isStopping;

    /// <summary>Whether an exception says that a connection has failed.</summary>
    internal static bool IsBreak(Exception e) =>
        e is IOException or SocketException or InvalidOperationException or ObjectDisposedException or OperationCanceledException;

    /// <summary>Runs until both directions have ended. The connections stay the caller's, to be disposed.</summary>
    /// <returns>The reason, as <see cref="RelayReport.Reason"/> has it.</returns>
    public async Task<string> RunAsync(CancellationToken stop)
    {
        await using var registration = stop.UnsafeRegister(static relay => ((StreamRelay)relay!).Abort("aborted"), this);
        if (_idle > 0 || _endAt > 0)
        {
            _heartbeat.Add(this);
        }

        try
        {
            var up = RunAsync(_up, "client_reset", "upstream_reset", _upstream);
            await RunAsync(_down, "upstream_reset", "client_reset", _client);
            await up;
            return _reason ?? "closed";
        }
        finally
        {
            // What cuts the waits is not disposed: a heartbeat or a stop that is under way may still reach for it.
            _heartbeat.Remove(this);
        }
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

    private static long Milliseconds(TimeSpan time) => time > TimeSpan.Zero ? Math.Max(1, (long)time.TotalMilliseconds) : 0;

    private async Task RunAsync(RelayDirection direction, string readFailed, string writeFailed, ConnectionContext to)
    {
        switch (await direction.RunAsync())
        {
            case DirectionEnd.ReadFailed:
                EndBecause(readFailed);
                Break(to);
                break;

            case DirectionEnd.WriteFailed:
                // What the receiver sent before it left is still to be passed on: the other direction ends with that, or with the reset.
                EndBecause(writeFailed);
                break;
        }
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
        Break(_upstream);
    }

    private void Break(ConnectionContext connection)
    {
        _cut?.Cancel();
        ConnectionReset.Abort(connection);
    }
}
