using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// A connection's transport as Kestrel's engine needs it. The engine flushes once for every frame of every stream; here what it flushes
/// gathers until the event loop has nothing else to do, or for a few of its turns, and leaves as one TLS record and one send.
/// </summary>
/// <remarks>
/// Two more of the engine's ways are met: it takes a flush that throws for a bug of its own and stops in the middle, where pipes without
/// a pump throw when the client is gone; and it waits without limit for a client that does not read.
/// </remarks>
internal sealed class KestrelTransport : IDuplexPipe
{
    // What may wait for a client that reads slowly; above it the engine's flushes wait.
    private const int PauseAt = 128 * 1024;

    // A TLS record's worth, so that what gathers is mostly one piece.
    private const int SegmentSize = 16 * 1024;

    private readonly IDuplexPipe _transport;
    private readonly Heartbeat _heartbeat;
    private readonly long _writeTimeout;
    private readonly Pipe _gathered;
    private readonly Http2FrameMeter _meter;
    private readonly Task<bool> _sending;
    private Deadline _deadline;

    /// <param name="transport">Of the connection.</param>
    /// <param name="loop">Where it lives; null for the thread pool.</param>
    /// <param name="heartbeat">For the deadline.</param>
    /// <param name="writeTimeout">Milliseconds the client may take nothing.</param>
    /// <param name="controlFrames">Frames without work a client may send per second; 0 for no limit.</param>
    /// <param name="flooded">Called when it sends more, perhaps more than once.</param>
    public KestrelTransport(IDuplexPipe transport, EventLoop? loop, Heartbeat heartbeat, long writeTimeout, int controlFrames, Action flooded)
    {
        _meter = new Http2FrameMeter(controlFrames, heartbeat);
        Input = new MeteredReader(transport.Input, _meter, flooded);
        _transport = transport;
        _heartbeat = heartbeat;
        _writeTimeout = writeTimeout;
        _gathered = new Pipe(new PipeOptions(
            readerScheduler: loop is null ? PipeScheduler.ThreadPool : new AtLeisure(loop),
            writerScheduler: loop ?? PipeScheduler.ThreadPool,
            pauseWriterThreshold: PauseAt,
            resumeWriterThreshold: PauseAt / 2,
            minimumSegmentSize: SegmentSize,
            useSynchronizationContext: false));
        _sending = SendAsync();
    }

    public PipeReader Input { get; }

    public PipeWriter Output => _gathered.Writer;

    /// <summary>Whether the client has not taken anything for too long. True once.</summary>
    public bool IsStuck(long now)
    {
        if (!_deadline.TryFire(now))
        {
            return false;
        }

        _deadline.EndFiring();
        return true;
    }

    /// <summary>
    /// The engine is through: completes when everything it wrote is sent and the client has heard it, or nobody is left to take it. Its last
    /// word is a GOAWAY, which tells a client that still sends which of its requests it may send again.
    /// </summary>
    public async Task EndAsync(TimeProvider time)
    {
        await _gathered.Writer.CompleteAsync();
        if (await _sending && _transport is IHalfClose transport)
        {
            await LingerAsync(transport, time);
        }

        await _transport.Input.CompleteAsync();
    }

    private async Task LingerAsync(IHalfClose transport, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(LastWord.LingerTime, time);
        try
        {
            await transport.EndOutputAsync().AsTask().WaitAsync(limit.Token);
            await LastWord.LingerAsync(_transport.Input, limit.Token);
        }
        catch (Exception)
        {
            // It has left, or takes too long: whatever it is, the connection ends.
        }
    }

    /// <summary>Sends what the engine writes. False where nobody is left to take it.</summary>
    private async Task<bool> SendAsync()
    {
        var reader = _gathered.Reader;
        try
        {
            ReadResult read;
            do
            {
                read = await reader.ReadAsync();
                await SendAsync(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);
            return true;
        }
        catch (Exception e) when (IsGone(e))
        {
            // The engine sees a reader that is completed, and ends the connection.
            return false;
        }
        catch (Exception e)
        {
            await _transport.Output.CompleteAsync(e);
            return false;
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private async ValueTask SendAsync(ReadOnlySequence<byte> data)
    {
        _deadline.Arm(_heartbeat, _writeTimeout);
        _meter.Sent(data.Length);
        try
        {
            if (_transport.Output is ISequenceSend sender)
            {
                await sender.SendAsync(data);
                return;
            }

            foreach (var piece in data)
            {
                await _transport.Output.WriteAsync(piece);
            }
        }
        finally
        {
            _deadline.Disarm();
        }
    }

    private static bool IsGone(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException;

    private sealed class AtLeisure(EventLoop loop) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state) => loop.ScheduleAtLeisure(action, state);
    }
}
