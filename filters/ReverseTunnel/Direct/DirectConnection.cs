using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>A byte stream over datagrams between a visitor and an agent that reach each other without a server: encrypted, in order, and ended like a TCP connection.</summary>
internal sealed class DirectConnection : ConnectionContext, IDuplexPipe, IHalfClose
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyLength = 32;

    /// <summary>Bytes that may be written and not yet acknowledged, about: a flush waits while there are more.</summary>
    public const int SendWindow = 2 << 20;

    private const int SegmentSize = 16 * 1024;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly DirectSocket _socket;
    private readonly DirectEngine _engine;
    private readonly DirectInput _input;
    private readonly DirectOutput _output;
    private readonly ITimer _timer;
    private long _wakeAt = long.MaxValue;
    private long _consumed;
    private long _consumedTold;
    private bool _isEnded;

    private DirectConnection(DirectSocket socket, ReadOnlySpan<byte> key, bool isVisitor, TimeProvider time)
    {
        (_socket, _time, _started) = (socket, time, time.GetTimestamp());
        var output = new Pipe(OptionsFor(SendWindow, SendWindow / 2));
        var input = new Pipe(OptionsFor(0, 0));
        _engine = new DirectEngine(key, isVisitor, output.Reader, input.Writer, Now);
        _input = new DirectInput(input.Reader, OnConsumed, OnReaderCompleted);
        _output = new DirectOutput(output.Writer, OnWritten, Break);
        _timer = time.CreateTimer(static connection => ((DirectConnection)connection!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Transport = this;
        LocalEndPoint = socket.Local;
        RemoteEndPoint = socket.Peer;
    }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("n");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override CancellationToken ConnectionClosed
    {
        get => _closed.Token;
        set => throw new NotSupportedException("The connection owns its token.");
    }

    /// <summary>How it ended, for tests.</summary>
    internal DirectEnd End
    {
        get
        {
            lock (_lock)
            {
                return _engine.End;
            }
        }
    }

    /// <summary>Datagrams that were none of this connection's, came twice, or were malformed.</summary>
    internal long Dropped
    {
        get
        {
            lock (_lock)
            {
                return _engine.Dropped + _socket.Strange;
            }
        }
    }

    /// <summary>Bytes of the stream that have arrived in order.</summary>
    internal long Arrived
    {
        get
        {
            lock (_lock)
            {
                return _engine.Arrived;
            }
        }
    }

    /// <summary>Packets that did not arrive.</summary>
    internal long Lost
    {
        get
        {
            lock (_lock)
            {
                return _engine.Sender.Lost;
            }
        }
    }

    /// <summary>Whether the socket is closed.</summary>
    internal bool IsFreed => _socket.IsClosed;

    private long Now => _time.GetElapsedTime(_started).Ticks;

    /// <summary>Begins; the peer does the same with the same key and the other role.</summary>
    /// <param name="socket">Bound, and the connection's from then on. What else arrives at it is ignored.</param>
    /// <param name="peer">Where the other end is, as this end sees it. Datagrams from elsewhere are ignored.</param>
    /// <param name="key">Known to both ends, and used for this connection alone; copied.</param>
    /// <param name="isVisitor">Which of the two ends this is.</param>
    /// <param name="time">The clock.</param>
    public static DirectConnection Start(Socket socket, IPEndPoint peer, ReadOnlySpan<byte> key, bool isVisitor, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength);
        var connection = new DirectConnection(new DirectSocket(socket, peer), key, isVisitor, time);
        lock (connection._lock)
        {
            connection.Pump(connection.Now);
        }

        _ = connection._socket.RunAsync(connection.OnReceived);
        return connection;
    }

    public ValueTask EndOutputAsync() => _output.CompleteAsync();

    public override void Abort(ConnectionAbortedException abortReason) => Break();

    /// <summary>Lets go of it. What was written is delivered in the background where the output was ended; where it was not, the peer sees a reset.</summary>
    public override ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            var now = Now;
            _engine.Leave(now);
            Pump(now);
        }

        return base.DisposeAsync();
    }

    private static PipeOptions OptionsFor(long pause, long resume) => new(
        pauseWriterThreshold: pause, resumeWriterThreshold: resume, minimumSegmentSize: SegmentSize, useSynchronizationContext: false);

    private void Break()
    {
        lock (_lock)
        {
            var now = Now;
            _engine.Reset(now);
            Pump(now);
        }
    }

    private void OnWritten()
    {
        lock (_lock)
        {
            Pump(Now);
        }
    }

    private void OnConsumed(long bytes)
    {
        // Called by the reader alone.
        var total = _consumed + bytes;
        Volatile.Write(ref _consumed, total);
        if (total - _consumedTold >= DirectEngine.LimitStep)
        {
            _consumedTold = total;
            OnWritten();
        }
    }

    private void OnReaderCompleted()
    {
        lock (_lock)
        {
            _engine.Discard();
            Pump(Now);
        }
    }

    private void OnReceived(DatagramBatch batch)
    {
        lock (_lock)
        {
            var now = Now;
            for (var i = 0; i < batch.Count; i++)
            {
                if (_socket.IsFromPeer(batch, i))
                {
                    _engine.Receive(batch[i], now);
                }
            }

            Pump(now);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            _wakeAt = long.MaxValue;
            Pump(Now);
        }
    }

    /// <summary>Sends what may be sent, and sees to what follows from what has happened. Called with the lock held.</summary>
    private void Pump(long now)
    {
        if (_socket.IsClosed)
        {
            return;
        }

        _engine.OnConsumed(Volatile.Read(ref _consumed));
        _engine.OnTime(now);
        _engine.Refresh(now);
        _engine.Flush();
        var batch = DirectSocket.Batch;
        do
        {
            batch.Clear();
            while (batch.Count < DatagramBatch.Most && _engine.Send(_socket.Scratch, now) is > 0 and var length)
            {
                batch.Add(_socket.Scratch.AsSpan(0, length));
            }

            _socket.Send(batch);
        }
        while (batch.Count == DatagramBatch.Most);

        if (_engine.End != DirectEnd.None && !_isEnded)
        {
            _isEnded = true;
            _ = _closed.CancelAsync();
        }

        if (_engine.IsClosed)
        {
            _socket.Close();
            _timer.Dispose();
        }
        else
        {
            Wake(_engine.Deadline(), now);
        }
    }

    /// <summary>Sees that the timer comes in time. Too early costs a look, and less than a change for every packet.</summary>
    private void Wake(long deadline, long now)
    {
        if (deadline < _wakeAt)
        {
            _wakeAt = deadline;
            _timer.Change(TimeSpan.FromTicks(Math.Max(RoundTrip.Granularity, deadline - now)), Timeout.InfiniteTimeSpan);
        }
    }
}
