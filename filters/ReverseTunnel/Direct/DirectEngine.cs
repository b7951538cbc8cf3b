using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>How a connection ended.</summary>
internal enum DirectEnd
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>Both directions have ended.</summary>
    Finished,

    /// <summary>This end broke it off.</summary>
    Aborted,

    /// <summary>The peer broke it off.</summary>
    Reset,

    /// <summary>The peer was not heard for too long.</summary>
    TimedOut,
}

/// <summary>
/// The protocol of one end: takes datagrams and gives datagrams, and knows neither sockets nor clocks. Times are ticks of <see cref="TimeSpan"/> since
/// any moment. Not thread-safe.
/// </summary>
internal sealed class DirectEngine
{
    /// <summary>Silence after which the peer is asked: mappings of routers last twice as long at least (RFC 4787 §4.3, RFC 9000 §10.1.2).</summary>
    public const long AskAfter = 15 * TimeSpan.TicksPerSecond;

    /// <summary>Silence after which a peer that was asked is gone.</summary>
    public const long GoneAfter = 30 * TimeSpan.TicksPerSecond;

    /// <summary>How long an end that was left goes on without the peer taking anything.</summary>
    public const long LingerFor = 5 * TimeSpan.TicksPerSecond;

    private const long ResetFor = 3 * TimeSpan.TicksPerSecond;
    private const long ShortestDrain = TimeSpan.TicksPerSecond / 4;
    private const long LongestDrain = TimeSpan.TicksPerSecond;
    private const int RangesBesideData = 16;
    private readonly DirectCipher _sealing;
    private readonly DirectCipher _opening;
    private readonly ReceivedPackets _received = new();
    private readonly DirectSender _sender;
    private readonly ReceiveBuffer _input;
    private readonly byte[] _content = new byte[DirectPacket.MaxContent];
    private State _state;
    private long _heardAt;
    private long _askedSince = -1;
    private long _toldLimit = ReceiveBuffer.Window;
    private long _stateEnd = long.MaxValue;
    private long _drainEnd = long.MaxValue;
    private long _lingerEnd = long.MaxValue;
    private bool _mustAsk = true;
    private bool _mustReset;
    private bool _isLeft;

    /// <param name="key">Of <see cref="DirectConnection.KeyLength"/> bytes; copied.</param>
    /// <param name="isVisitor">Which of the two ends this is.</param>
    /// <param name="output">What is written here.</param>
    /// <param name="input">Takes what arrives; never pauses.</param>
    /// <param name="now">The time.</param>
    public DirectEngine(ReadOnlySpan<byte> key, bool isVisitor, PipeReader output, PipeWriter input, long now)
    {
        (_sealing, _opening) = (new DirectCipher(key, isVisitor), new DirectCipher(key, !isVisitor));
        _sender = new DirectSender(new SendBuffer(output));
        _input = new ReceiveBuffer(input);
        _heardAt = now;
    }

    private enum State
    {
        /// <summary>The stream goes both ways.</summary>
        Open,

        /// <summary>This end broke it off, and the peer is told.</summary>
        Resetting,

        /// <summary>It is over, and the peer is told again if it asks (RFC 9000 §10.2.2).</summary>
        Draining,

        /// <summary>Nothing is sent or taken any more.</summary>
        Closed,
    }

    /// <summary>How it ended.</summary>
    public DirectEnd End { get; private set; }

    /// <summary>Whether nothing is sent or taken any more.</summary>
    public bool IsClosed => _state == State.Closed;

    /// <summary>Datagrams that were none of this connection's, came twice, or were malformed.</summary>
    public long Dropped { get; private set; }

    /// <summary>Bytes of the stream that have arrived in order.</summary>
    public long Arrived => _input.Arrived;

    /// <summary>What it sends, for whoever measures.</summary>
    public DirectSender Sender => _sender;

    /// <summary>How far the reader may be ahead of what the peer was told before that is worth a packet.</summary>
    public static long LimitStep => ReceiveBuffer.Window / 4;

    private long AskAt => _sender.Packets.Open > 0 || _mustAsk ? long.MaxValue : _heardAt + AskAfter;

    private long GoneAt => _askedSince < 0 || _sender.Packets.Open == 0
        ? long.MaxValue
        : Math.Max(_heardAt + GoneAfter, _askedSince + GoneAfter - AskAfter);

    /// <summary>Takes a datagram. One that is not of this connection changes nothing but a count.</summary>
    public void Receive(ReadOnlySpan<byte> datagram, long now)
    {
        if (_state == State.Closed)
        {
            return;
        }

        var content = _content.AsSpan(0, Math.Clamp(datagram.Length - DirectPacket.HeaderSize - DirectPacket.SealSize, 0, _content.Length));
        if (!DirectPacket.TryReadHeader(datagram, out var number) || !_received.IsNew(number)
            || !_opening.TryOpen(number, datagram, content) || !IsValid(content))
        {
            Dropped++;
            return;
        }

        (_heardAt, _askedSince) = (now, -1);
        var asks = false;
        ReadOnlySpan<byte> rest = content;
        while (DirectFrame.TryRead(ref rest, out var frame))
        {
            asks |= frame.Kind != DirectFrameKind.Ack;
            Take(ref frame, now);
        }

        _received.Add(number, asks, now);
        if (_state == State.Draining && asks)
        {
            _drainEnd = Math.Min(_stateEnd, now + DrainTime());
        }

        Advance(now);
    }

    /// <summary>Lets the reader have what has arrived: once after several datagrams.</summary>
    public void Flush() => _input.Flush();

    /// <summary>Looks for what was written. Called before <see cref="Send"/> where anything was, or was acknowledged.</summary>
    public void Refresh(long now)
    {
        _sender.Buffer.Refresh();
        Advance(now);
    }

    /// <summary>Writes the next datagram.</summary>
    /// <param name="datagram">Room for <see cref="DirectPacket.MaxSize"/> bytes.</param>
    /// <param name="now">The time.</param>
    /// <returns>Its bytes; 0 for none.</returns>
    public int Send(Span<byte> datagram, long now)
    {
        var isOpen = _state == State.Open;
        var maySend = isOpen && _sender.MaySend(now);
        var limit = isOpen && !_input.HasEnded && (_sender.IsLimitLost || _input.Limit - _toldLimit >= LimitStep);
        var reset = _state == State.Resetting && (_mustReset || _sender.IsResetLost || _sender.MustProbe);
        if (_state == State.Closed || !(maySend || limit || reset || (isOpen && _mustAsk) || _received.IsDue(now)))
        {
            return 0;
        }

        var into = datagram[DirectPacket.HeaderSize..(DirectPacket.MaxSize - DirectPacket.SealSize)];
        var (length, content) = (0, SentContent.None);
        if (limit || _received.IsAsked)
        {
            length = _received.Write(into, maySend ? RangesBesideData : ReceivedPackets.MostTold, _input.Limit, now);
            _toldLimit = length > 0 ? _input.Limit : _toldLimit;
        }

        StreamPiece piece = default;
        if (reset)
        {
            into[length++] = (byte)DirectFrameKind.Reset;
            content = SentContent.Asks | SentContent.Reset;
            (_mustReset, _sender.IsResetLost) = (false, false);
        }
        else if (maySend && _sender.TryTake(into.Length - length - DirectFrame.StreamHeadSize(VarInt.Max), out piece))
        {
            length += DirectFrame.WriteStreamHead(into[length..], piece.Offset, piece.Length, piece.IsLast);
            _sender.Buffer.Copy(piece, into[length..]);
            length += piece.Length;
            content = piece.IsLast ? SentContent.Asks | SentContent.Last : SentContent.Asks;
        }
        else if (isOpen && (_mustAsk || limit || _sender.MustProbe))
        {
            into[length++] = (byte)DirectFrameKind.Ping;
            content = SentContent.Asks;
        }

        if (limit)
        {
            content |= SentContent.Limit;
            _sender.IsLimitLost = false;
        }

        return length == 0 ? 0 : Seal(datagram[..(DirectPacket.HeaderSize + length + DirectPacket.SealSize)], piece, content, now);
    }

    /// <summary>Does what is due.</summary>
    public void OnTime(long now)
    {
        if (now >= Math.Min(_stateEnd, _drainEnd))
        {
            Close();
        }
        else if (_state is State.Open or State.Resetting)
        {
            _sender.OnTime(now);
            _mustAsk |= _state == State.Open && now >= AskAt;
            if (now >= GoneAt)
            {
                Stop(DirectEnd.TimedOut, new ConnectionResetException("The peer timed out."));
                Close();
            }
            else if (now >= _lingerEnd)
            {
                Reset(now);
            }
        }
    }

    /// <summary>When <see cref="OnTime"/> and <see cref="Send"/> are due; the largest value for never.</summary>
    public long Deadline()
    {
        var deadline = Math.Min(Math.Min(_stateEnd, _drainEnd), _received.Deadline);
        return _state switch
        {
            State.Open => Math.Min(Math.Min(Math.Min(deadline, _sender.Deadline(sends: true)), Math.Min(AskAt, GoneAt)), _lingerEnd),
            State.Resetting => Math.Min(deadline, _sender.Deadline(sends: false)),
            State.Draining => deadline,
            _ => long.MaxValue,
        };
    }

    /// <summary>So many bytes of the stream have been read, in all.</summary>
    public void OnConsumed(long total) => _input.OnConsumed(total);

    /// <summary>Nobody reads any more.</summary>
    public void Discard() => _input.Discard();

    /// <summary>Breaks it off, and tells the peer.</summary>
    public void Reset(long now)
    {
        if (_state == State.Open)
        {
            Stop(DirectEnd.Aborted, new ConnectionAbortedException("The connection was aborted."));
            (_state, _mustReset, _stateEnd, _lingerEnd) = (State.Resetting, true, now + ResetFor, long.MaxValue);
        }
    }

    /// <summary>Nobody reads or writes any more. Where the stream was ended the peer still gets it all, for a while; else it is broken off.</summary>
    public void Leave(long now)
    {
        Refresh(now);
        if (_state != State.Open || _isLeft)
        {
            return;
        }

        if (!_sender.Buffer.IsEnded)
        {
            Reset(now);
            return;
        }

        (_isLeft, _lingerEnd) = (true, now + LingerFor);
        _input.Discard();
    }

    private long DrainTime() => Math.Clamp(8 * _sender.RoundTrip.ProbeTimeout, ShortestDrain, LongestDrain);

    /// <summary>Whether all frames of a packet can be taken: none of it counts otherwise.</summary>
    private bool IsValid(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            if (!DirectFrame.TryRead(ref content, out var frame))
            {
                return false;
            }

            var isFine = frame.Kind switch
            {
                DirectFrameKind.Ack => frame.Largest < _sender.Packets.Next,
                DirectFrameKind.Stream => _state != State.Open || _input.CanTake(frame.Offset, frame.Data.Length, isLast: false),
                DirectFrameKind.LastOfStream => _state != State.Open || _input.CanTake(frame.Offset, frame.Data.Length, isLast: true),
                _ => true,
            };
            if (!isFine)
            {
                return false;
            }
        }

        return true;
    }

    private void Take(ref DirectFrame frame, long now)
    {
        switch (frame.Kind)
        {
            case DirectFrameKind.Ack when _state is State.Open or State.Resetting:
                var delivered = _sender.Buffer.Delivered;
                _sender.OnAck(ref frame, now);
                if (_isLeft && _sender.Buffer.Delivered > delivered)
                {
                    _lingerEnd = now + LingerFor;
                }

                break;
            case DirectFrameKind.Stream or DirectFrameKind.LastOfStream when _state == State.Open:
                var isNew = _input.Take(frame.Offset, frame.Data, frame.Kind == DirectFrameKind.LastOfStream);
                if (isNew && _isLeft && _sender.Buffer.IsDelivered && !_input.HasEnded)
                {
                    // As a socket that was closed answers: whoever sends must learn that nobody reads.
                    Reset(now);
                }

                break;
            case DirectFrameKind.Reset when _state is State.Open or State.Resetting:
                Stop(DirectEnd.Reset, new ConnectionResetException("The peer has reset the connection."));
                Drain(now);
                break;
        }
    }

    private void Advance(long now)
    {
        if (_state == State.Open && _sender.Buffer.IsDelivered && _input.HasEnded)
        {
            End = DirectEnd.Finished;
            _sender.Buffer.Release();
            Drain(now);
        }
        else if (_state == State.Resetting && _sender.IsResetAcked)
        {
            Close();
        }
    }

    private int Seal(Span<byte> datagram, in StreamPiece piece, SentContent content, long now)
    {
        var number = _sender.Packets.Next;
        DirectPacket.WriteHeader(datagram, number);
        _sealing.Seal(number, datagram);
        _sender.OnSent(piece, content, datagram.Length, now);
        if (content != SentContent.None)
        {
            _mustAsk = false;
            _askedSince = _askedSince < 0 ? now : _askedSince;
        }

        return datagram.Length;
    }

    private void Stop(DirectEnd end, Exception reason)
    {
        if (End == DirectEnd.None)
        {
            End = end;
            _sender.Buffer.Release();
            _input.Fail(reason);
        }
    }

    private void Drain(long now)
    {
        (_state, _lingerEnd) = (State.Draining, long.MaxValue);
        (_drainEnd, _stateEnd) = (now + DrainTime(), now + (4 * LongestDrain));
    }

    private void Close()
    {
        _state = State.Closed;
        _sealing.Dispose();
        _opening.Dispose();
    }
}
