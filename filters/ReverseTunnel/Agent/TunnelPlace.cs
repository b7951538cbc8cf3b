using FilterProxy.Filters.ReverseTunnel.Handshake;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>
/// A place of a <see cref="ServerLink"/> for one tunnel. It dials again when the tunnel is gone, and in good time before it is too old; one that is
/// there for busy times alone is given up when it was idle for long.
/// </summary>
internal sealed class TunnelPlace
{
    // A tunnel that ends sooner has served nobody: to dial again at once would be a storm.
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(1);
    private readonly TunnelSource _source;
    private readonly ServerLink _server;
    private readonly bool _isSpare;
    private ConnectionContext? _connection;
    private int _streams;
    private long _idleSince;
    private int _redials;

    /// <param name="source">Its options.</param>
    /// <param name="server">Whose.</param>
    /// <param name="isSpare">Whether it is for busy times alone.</param>
    public TunnelPlace(TunnelSource source, ServerLink server, bool isSpare) => (_source, _server, _isSpare) = (source, server, isSpare);

    private enum End
    {
        Closed,
        Old,
        Idle,
    }

    /// <summary>Whether there is a tunnel.</summary>
    public bool IsUp => Volatile.Read(ref _connection) is { ConnectionClosed.IsCancellationRequested: false };

    /// <summary>Streams under way, where they are counted.</summary>
    public int Streams => Volatile.Read(ref _streams);

    /// <summary>Times it was dialled again.</summary>
    public int Redials => Volatile.Read(ref _redials);

    /// <summary>Keeps a tunnel there. Completes when the listener stops, and where it is a spare one when it is needed no more or not to be had.</summary>
    public async Task KeepAsync(CancellationToken stop)
    {
        var backoff = new Backoff(_source.Options.MaxBackoff, _source.Options.MaxRefusedBackoff, Random.Shared.NextDouble);
        var time = _source.Context.Time;
        while (true)
        {
            var (connection, reply) = await _server.DialAsync(TunnelKind.Streams);
            TimeSpan wait;
            if (connection is not null)
            {
                var began = time.GetTimestamp();
                var end = await ServeAsync(connection, reply.Welcome!, stop);
                if (end == End.Idle)
                {
                    return;
                }

                wait = end == End.Old ? TimeSpan.Zero : time.GetElapsedTime(began) >= ShortLife ? backoff.AfterService() : backoff.AfterFailure();
            }
            else if (_isSpare)
            {
                return;
            }
            else
            {
                wait = reply.Status == 0 ? backoff.AfterFailure() : backoff.AfterRefusal(reply.RetryAfter);
            }

            Interlocked.Increment(ref _redials);
            await Task.Delay(wait, time, stop);
        }
    }

    /// <summary>Asks the server to send no more, and ends with the last stream.</summary>
    public void Leave() => Leave(Volatile.Read(ref _connection));

    /// <summary>A stream has begun.</summary>
    public void BeginStream()
    {
        if (Interlocked.Increment(ref _streams) >= _source.Options.StreamsPerConnection)
        {
            _server.OnBusy();
        }
    }

    /// <summary>A stream is over.</summary>
    public void EndStream()
    {
        if (Interlocked.Decrement(ref _streams) == 0)
        {
            Volatile.Write(ref _idleSince, _source.Context.Time.GetTimestamp());
        }
    }

    private static void Leave(ConnectionContext? connection) => connection?.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    private async Task<End> ServeAsync(ConnectionContext connection, TunnelWelcome welcome, CancellationToken stop)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.UnsafeRegister(static c => ((TaskCompletionSource)c!).TrySetResult(), closed);
        Volatile.Write(ref _idleSince, _source.Context.Time.GetTimestamp());

        var before = Interlocked.Exchange(ref _connection, connection);
        await _server.BeginAsync(connection, welcome, this);
        _ = LeaveLaterAsync(before, welcome.PingTimeout, stop);
        var end = await EndAsync(closed.Task, stop);
        if (end != End.Old)
        {
            Volatile.Write(ref _connection, null);
        }

        if (end == End.Idle)
        {
            Leave(connection);
        }
        else if (end == End.Closed)
        {
            _server.OnDown();
        }

        return end;
    }

    /// <summary>The one before goes when the server sends to this one, so that there is always one: by then it does, or has given this one up.</summary>
    private async Task LeaveLaterAsync(ConnectionContext? connection, TimeSpan patience, CancellationToken stop)
    {
        if (connection is not null)
        {
            await Task.Delay(patience, _source.Context.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Leave(connection);
        }
    }

    private async Task<End> EndAsync(Task closed, CancellationToken stop)
    {
        var (options, time) = (_source.Options, _source.Context.Time);
        var began = time.GetTimestamp();

        // Agents that were started together do not come back together.
        var lifetime = options.ConnectionLifetime * (1 - (0.1 * Random.Shared.NextDouble()));
        while (true)
        {
            var age = time.GetElapsedTime(began);
            var idle = Streams == 0 ? time.GetElapsedTime(Volatile.Read(ref _idleSince)) : TimeSpan.Zero;
            if (_isSpare && idle >= options.ConnectionIdleTimeout)
            {
                return End.Idle;
            }

            if (lifetime > TimeSpan.Zero && age >= lifetime)
            {
                return End.Old;
            }

            var left = _isSpare ? options.ConnectionIdleTimeout - idle : Timeout.InfiniteTimeSpan;
            left = lifetime > TimeSpan.Zero && (!_isSpare || lifetime - age < left) ? lifetime - age : left;
            await closed.WaitAsync(left, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
            if (closed.IsCompleted)
            {
                return End.Closed;
            }
        }
    }
}
