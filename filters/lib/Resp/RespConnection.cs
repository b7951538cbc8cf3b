using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Resp;

/// <summary>
/// One connection to a server on which commands follow each other without waiting: answers come in the order of the commands. What is sent
/// while a send is under way goes with the next one. An answer that is late ends the connection: those behind it would be later still.
/// </summary>
internal sealed class RespConnection : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<RespCall> _pending = new();
    private readonly ConnectionContext _connection;
    private readonly RespReader _reader;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private long _patience;
    private readonly ITimer _timer;
    private ArrayBufferWriter<byte> _filling = new(4096);
    private ArrayBufferWriter<byte> _sending = new(4096);
    private bool _isWriting;
    private volatile bool _isClosed;

    /// <param name="connection">The connection, which it owns.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="time">The clock.</param>
    public RespConnection(ConnectionContext connection, RedisOptions options, TimeProvider time)
    {
        _connection = connection;
        _options = options;
        _time = time;
        _reader = new RespReader((int)options.MaxReply.Bytes);
        _timer = time.CreateTimer(static c => ((RespConnection)c!).EndWhenLate(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        SetPatience(options.ConnectTimeout);
        _ = ReadAsync();
    }

    public bool IsOpen => !_isClosed;

    /// <summary>How long an answer to commands sent from now on may take; at first, as long as connecting may.</summary>
    public void SetPatience(TimeSpan patience)
    {
        Volatile.Write(ref _patience, (long)(patience.TotalSeconds * _time.TimestampFrequency));
        var period = TimeSpan.FromMilliseconds(Math.Clamp(patience.TotalMilliseconds / 4, 1, 1000));
        _timer.Change(period, period);
    }

    /// <summary>Sends a command behind those on the way.</summary>
    /// <param name="command">All of it must be there.</param>
    /// <param name="asking">After ASKING: the node serves a slot that is on its way to it.</param>
    public Task<RespReply> SendAsync(RespCommand command, bool asking = false)
    {
        var encoded = command.Encoded;
        var call = new RespCall(_time.GetTimestamp() + Volatile.Read(ref _patience));
        lock (_gate)
        {
            if (_isClosed)
            {
                return Task.FromResult(RespReply.Failed(RespFailure.NotConnected));
            }

            // One command of any size may stand alone.
            if (_pending.Count >= _options.MaxPending || (_filling.WrittenCount > 0 && _filling.WrittenCount + (long)encoded.Length > _options.MaxReply.Bytes))
            {
                return Task.FromResult(RespReply.Failed(RespFailure.QueueFull));
            }

            if (asking)
            {
                _filling.Write("*1\r\n$6\r\nASKING\r\n"u8);
                _pending.Enqueue(new RespCall(call.Deadline));
            }

            _filling.Write(encoded);
            _pending.Enqueue(call);
            if (_isWriting)
            {
                return call.Answer;
            }

            _isWriting = true;
        }

        _ = WriteAsync();
        return call.Answer;
    }

    public void Dispose() => End(RespFailure.ConnectionLost);

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    if (_filling.WrittenCount == 0 || _isClosed)
                    {
                        _isWriting = false;
                        return;
                    }

                    (_filling, _sending) = (_sending, _filling);
                }

                await _connection.Transport.Output.WriteAsync(_sending.WrittenMemory);
                _sending.ResetWrittenCount();
            }
        }
        catch (Exception)
        {
            // The other side has gone, or the connection was ended here: nobody is answered any more.
            End(RespFailure.ConnectionLost);
        }
    }

    private async Task ReadAsync()
    {
        var input = _connection.Transport.Input;
        var failure = RespFailure.ConnectionLost;
        try
        {
            while (!_isClosed)
            {
                var result = await input.ReadAsync();
                var buffer = result.Buffer;
                var status = Take(ref buffer);
                input.AdvanceTo(buffer.Start, buffer.End);
                if (status == RespStatus.Invalid)
                {
                    failure = RespFailure.BadReply;
                    break;
                }

                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception)
        {
            // As above.
        }

        End(failure);
        await _connection.DisposeAsync();
    }

    private RespStatus Take(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            var status = _reader.Read(ref buffer, out var value);
            if (status != RespStatus.Complete)
            {
                return status;
            }

            if (value.Kind == RespKind.Push)
            {
                continue;
            }

            RespCall? call;
            lock (_gate)
            {
                if (!_pending.TryDequeue(out call))
                {
                    // An answer to nothing: from here on, any answer may be another's.
                    return RespStatus.Invalid;
                }
            }

            call.Complete(RespReply.Of(value));
        }
    }

    private void EndWhenLate()
    {
        lock (_gate)
        {
            if (!_pending.TryPeek(out var oldest) || _time.GetTimestamp() < oldest.Deadline)
            {
                return;
            }
        }

        End(RespFailure.Timeout);
    }

    private void End(RespFailure failure)
    {
        RespCall[] left;
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            left = [.. _pending];
            _pending.Clear();
        }

        _timer.Dispose();
        _connection.Abort(new ConnectionAbortedException());
        foreach (var call in left)
        {
            call.Complete(RespReply.Failed(failure));
        }
    }
}
