using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>One client connection: reads head after head and runs each exchange through the pipeline, in order.</summary>
internal sealed class Http1Connection : IHeartbeatTarget, IDrainable
{
    private const long DrainPatience = 1000;
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(2);
    private readonly ConnectionContext _connection;
    private readonly SnapshotStore _snapshots;
    private readonly ProxyServices _services;
    private readonly ConnectionEntry _entry;
    private readonly PipeReader _input;
    private readonly Http1Exchange _exchange;

    // Dialled by a source: who is at the other end keeps it for requests to come, and hears of a stop another way.
    private readonly bool _isDialled;

    // Whether it waits for a request.
    private volatile bool _waits;

    public Http1Connection(ConnectionContext connection, ConnectionEntry entry, SnapshotStore snapshots, ProxyServices services)
    {
        _connection = connection;
        _entry = entry;
        _snapshots = snapshots;
        _services = services;
        _input = connection.Transport.Input;
        _isDialled = entry.Plan.Source is not null;
        _exchange = new Http1Exchange(connection, entry, services);
        (_input as DirectReader)?.Serves = _exchange;
        DownstreamFacts.Describe(_exchange.Downstream, connection, entry);
    }

    /// <summary>Between exchanges it holds none: the next begins under the one in force then.</summary>
    public bool Holds(ProxySnapshot snapshot) => !_waits && ReferenceEquals(_exchange.Snapshot, snapshot);

    public async Task RunAsync()
    {
        _services.Connections.Add(this);
        _services.Heartbeat.Add(this);
        using var closed = WatchClient();
        try
        {
            await ServeAsync();
            await _exchange.FlushRestAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // A bare SocketException comes of a socket that was closed under Kestrel's pump, as a cut does.
            // The client is gone; what it was doing has been logged with its exchange.
        }
        finally
        {
            _services.Heartbeat.Remove(this);
            _services.Connections.Remove(this);
            _waits = false;
            await _exchange.ReleaseAsync();
            _exchange.Downstream.IsClosed = true;
            (_connection as SocketConnection)?.Watcher = null;
        }
    }

    public void OnHeartbeat(long now)
    {
        if (_exchange.HasDue(now))
        {
            // On another thread: what a deadline wakes up may run filters, and the other connections' deadlines must not wait for those.
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.FireDeadlines(), this, preferLocal: false);
        }
    }

    /// <summary>The process is stopping: an idle connection ends now, or soon where it was dialled, a busy one after its exchange.</summary>
    public void Drain()
    {
        if (_waits)
        {
            _input.CancelPendingRead();
        }
    }

    public void Abort(ProxySnapshot snapshot)
    {
        if (Holds(snapshot))
        {
            Abort();
        }
    }

    /// <summary>The time to drain is over.</summary>
    public void Abort()
    {
        _exchange.Break(ProxyErrorKind.DownstreamClosed, AbortReason.Shutdown);
        ConnectionReset.Abort(_connection);
    }

    private CancellationTokenRegistration WatchClient()
    {
        if (_connection is not SocketConnection socket)
        {
            return _connection.ConnectionClosed.UnsafeRegister(static exchange => ((Http1Exchange)exchange!).OnPeerEnded(), _exchange);
        }

        socket.Watcher = _exchange;
        return default;
    }

    private void FireDeadlines() => _exchange.FireDeadlines(_services.Heartbeat.Now);

    private async Task ServeAsync()
    {
        var exchange = _exchange;
        while (true)
        {
            var snapshot = _snapshots.Current;
            exchange.Begin(snapshot, RulesOf(snapshot));
            if (!BeginWait())
            {
                return;
            }

            // Here and not in a method of its own: a connection that waits has one method to wake, not two.
            HeadStep step;
            do
            {
                step = TakeHead(await _input.ReadAsync());
            }
            while (step == HeadStep.ReadOn);
            if (step == HeadStep.End)
            {
                return;
            }

            exchange.WatchClient();
            await HttpPipeline.RunAsync(exchange);
            exchange.ForgetBreak();
            if (!exchange.KeepAlive)
            {
                if (exchange.NeedsLinger)
                {
                    await LingerAsync();
                }

                return;
            }

            if (!exchange.PassBody() && !await exchange.DrainAsync())
            {
                await LingerAsync();
                return;
            }
        }
    }

    /// <summary>Before a request is waited for. False when the process stops.</summary>
    private bool BeginWait()
    {
        var exchange = _exchange;
        var isNew = exchange.Downstream.RequestNumber == 0;
        if (isNew && !_isDialled)
        {
            exchange.AwaitHead(exchange.Rules.HeaderTimeout, Limit.HeaderTimeout);
        }
        else
        {
            exchange.AwaitHead(exchange.Rules.IdleTimeout, Limit.IdleTimeout);
        }

        _waits = true;
        if (_entry.IsDraining)
        {
            if (!isNew && !_isDialled)
            {
                return false;
            }

            // Accepted just before the stop, or kept by one who has yet to hear of it: a request may be on its way, but is not waited for long.
            exchange.AwaitHead(DrainPatience, Limit.None);
        }

        return true;
    }

    /// <summary>Takes what was read of a head.</summary>
    private HeadStep TakeHead(in ReadResult read)
    {
        var exchange = _exchange;
        var reader = exchange.Reader;
        if (read.IsCanceled && !GoesOn(read, out var answer))
        {
            return answer ? HeadStep.Answer : HeadStep.End;
        }

        var started = reader.HasStarted;
        if (!started)
        {
            LeaveWait();
        }

        var status = reader.Read(read.Buffer, out var consumed);
        var hasMore = status == HeadStatus.Complete && HasMessageBytes(read.Buffer.Slice(consumed));
        _input.AdvanceTo(consumed);
        switch (status)
        {
            case HeadStatus.Complete:
                EndWait();
                exchange.AcceptHead(hasMore);
                return HeadStep.Answer;

            case HeadStatus.Failed:
                EndWait();
                exchange.RefuseHead(reader.Error);
                return HeadStep.Answer;

            case HeadStatus.NeedMore when read.IsCompleted:
                return HeadStep.End;

            default:
                if (!started && reader.HasStarted)
                {
                    // The whole head has one deadline from its first byte: sending it slowly does not extend it.
                    exchange.AwaitHead(exchange.Rules.HeaderTimeout, Limit.HeaderTimeout);
                }
                else if (!started)
                {
                    _waits = true;
                }

                return HeadStep.ReadOn;
        }
    }

    /// <summary>
    /// After a cancelled read: true to read on. Otherwise <paramref name="answer"/> tells whether there is an exchange to answer.
    /// </summary>
    private bool GoesOn(in ReadResult read, out bool answer)
    {
        answer = false;
        if (_exchange.BreakKind == ProxyErrorKind.RequestTimeout)
        {
            _input.AdvanceTo(read.Buffer.Start);
            if (_exchange.Reader.HasStarted)
            {
                EndWait();
                _exchange.RefuseHead(ProxyError.Downstream(ProxyErrorKind.RequestTimeout, Limits.DetailOf(Limit.HeaderTimeout)));
                answer = true;
            }

            return false;
        }

        var isDrained = _entry.IsDraining && !_exchange.Reader.HasStarted && read.Buffer.IsEmpty;
        if (isDrained && _isDialled && _exchange.BreakKind == ProxyErrorKind.None)
        {
            _exchange.AwaitHead(DrainPatience, Limit.None);
            return true;
        }

        if (_exchange.BreakKind != ProxyErrorKind.None || isDrained)
        {
            _input.AdvanceTo(read.Buffer.Start);
            return false;
        }

        // A cancellation meant for an exchange that ended meanwhile.
        return true;
    }

    /// <summary>
    /// Something came: an exchange may begin, under the configuration that is in force now and not under the one that was when the
    /// connection became idle. From here on it holds the snapshot: who swaps it and then sees the connection waiting may be sure
    /// that it takes the new one (the fence that takes two is on that side, <see cref="SnapshotStore.Swap"/>).
    /// </summary>
    private void LeaveWait()
    {
        _waits = false;
        var current = _snapshots.Current;
        if (!ReferenceEquals(current, _exchange.Snapshot))
        {
            _exchange.Begin(current, RulesOf(current));
        }
    }

    private ListenerRules RulesOf(ProxySnapshot snapshot) => _entry.RulesOf(snapshot, _exchange);

    private void EndWait()
    {
        _waits = false;
        _exchange.AwaitHead(0, Limit.None);
    }

    private static bool HasMessageBytes(in ReadOnlySequence<byte> rest)
    {
        if (rest.IsEmpty)
        {
            return false;
        }

        foreach (var segment in rest)
        {
            if (segment.Span.ContainsAnyExcept((byte)'\r', (byte)'\n'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Reads on for a moment after the last response: closing with unread bytes would reset the connection and could take the
    /// response from a client that is still sending (RFC 9112 §9.6).
    /// </summary>
    private async Task LingerAsync()
    {
        await _exchange.SettleAsync();
        _exchange.ForgetBreak();
        _exchange.BeginLinger((long)LingerTime.TotalMilliseconds);
        while (true)
        {
            var read = await _input.ReadAsync();
            _input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || _exchange.ReadTimedOut || _exchange.AbortReason == AbortReason.Shutdown)
            {
                return;
            }
        }
    }

    /// <summary>What follows a read of a head.</summary>
    private enum HeadStep
    {
        /// <summary>There is an exchange to answer.</summary>
        Answer,

        /// <summary>The head is not complete, or has not begun.</summary>
        ReadOn,

        /// <summary>None comes: the client ended, was idle too long, or the process stops.</summary>
        End,
    }
}
