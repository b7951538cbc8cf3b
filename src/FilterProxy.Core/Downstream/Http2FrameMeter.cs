using System.Buffers;
using System.Buffers.Binary;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// What an HTTP/2 client may send that carries no request: PING, SETTINGS, PRIORITY, RST_STREAM, WINDOW_UPDATE, unknown frames and empty DATA
/// cost the client little and the proxy a look at each (RFC 9113 §10.5). A number per second is free; beyond it such frames
/// must belong to work, of which each request and each 32 bytes the client is sent earn it some.
/// </summary>
/// <remarks>
/// 32 bytes are more than the answer to a PING or SETTINGS, so those do not pay for themselves, and less than any frame of a body that
/// a client would acknowledge. It follows the frames by their lengths alone; whether they are right is the engine's to say.
/// </remarks>
internal sealed class Http2FrameMeter
{
    private const int HeaderSize = 9, PrefaceSize = 24;
    private const int BytesPerFrame = 32, FramesPerRequest = 4;
    private const byte Data = 0, Headers = 1, Continuation = 9, EndStream = 1;

    // Seconds of silence that can be made up for.
    private const int Burst = 10;

    private readonly Heartbeat _heartbeat;
    private readonly int _perSecond;
    private readonly byte[] _header = new byte[HeaderSize];
    private int _headerBytes;
    private long _payload = PrefaceSize;
    private double _credit;
    private long _countedAt;
    private long _sent;

    /// <param name="perSecond">Frames; 0 for no limit.</param>
    /// <param name="heartbeat">Its clock.</param>
    public Http2FrameMeter(int perSecond, Heartbeat heartbeat)
    {
        _perSecond = perSecond;
        _heartbeat = heartbeat;
        _credit = (double)perSecond * Burst;
        _countedAt = heartbeat.Now;
    }

    /// <summary>Bytes that went to the client. From any thread.</summary>
    public void Sent(long bytes) => Interlocked.Add(ref _sent, bytes);

    /// <summary>Follows bytes of the client, in their order, from its preface on. False: it has sent too much that is no work.</summary>
    public bool Pass(in ReadOnlySequence<byte> bytes)
    {
        if (_perSecond == 0)
        {
            return true;
        }

        foreach (var piece in bytes)
        {
            Pass(piece.Span);
        }

        if (_credit >= 0)
        {
            return true;
        }

        // Looked at only by who has used up what there was: most connections never do.
        Refill();
        return _credit >= 0;
    }

    private void Pass(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_payload > 0)
            {
                var skipped = (int)Math.Min(_payload, bytes.Length);
                _payload -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            var taken = Math.Min(HeaderSize - _headerBytes, bytes.Length);
            bytes[..taken].CopyTo(_header.AsSpan(_headerBytes));
            _headerBytes += taken;
            bytes = bytes[taken..];
            if (_headerBytes == HeaderSize)
            {
                _headerBytes = 0;
                Count();
            }
        }
    }

    private void Count()
    {
        _payload = BinaryPrimitives.ReadUInt32BigEndian(_header) >> 8;
        switch (_header[3])
        {
            case Headers:
                _credit += FramesPerRequest;
                break;

            case Data when _payload > 0 || (_header[4] & EndStream) != 0:
            case Continuation:
                break;

            default:
                _credit--;
                break;
        }
    }

    private void Refill()
    {
        var now = _heartbeat.Now;
        var earned = ((now - _countedAt) * _perSecond / 1000.0) + ((double)Interlocked.Exchange(ref _sent, 0) / BytesPerFrame);
        _countedAt = now;
        _credit = Math.Min(_credit + earned, (double)_perSecond * Burst);
    }
}
