using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Http1;

/// <summary>
/// The body of one HTTP/1 message, read off a connection (RFC 9112 §6 and §7). Reused by its connection; for requests and
/// responses alike. The bytes handed out are the connection's own.
/// </summary>
internal sealed class Http1BodyReader : BodyReader
{
    private ChunkedDecoder? _chunks;
    private PipeReader _input = null!;
    private BodyKind _kind;
    private long _remaining;
    private long _max;
    private SequencePosition _consumed;
    private bool _holding;

    /// <summary>Bytes of body read so far, without framing.</summary>
    public long Total { get; private set; }

    /// <summary>Whether the whole message has been read: the connection stands at the next one.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whether any byte of the body has been asked for.</summary>
    public bool HasBegun { get; private set; }

    /// <param name="input">The connection; it stands at the first byte after the head.</param>
    /// <param name="framing">How the body ends.</param>
    /// <param name="trailers">Where trailer fields go; null unless the body is chunked.</param>
    /// <param name="maxTrailerBytes">The most bytes of trailer fields.</param>
    /// <param name="max">The most bytes of body.</param>
    public void Begin(PipeReader input, in MessageFraming framing, HeaderMap? trailers, int maxTrailerBytes, long max = long.MaxValue)
    {
        _input = input;
        _kind = framing.Kind;
        _remaining = framing.Length;
        _max = max;
        Total = 0;
        _holding = false;
        HasBegun = false;
        IsEnded = _kind == BodyKind.None || (_kind == BodyKind.Length && _remaining == 0);
        if (_kind == BodyKind.Chunked)
        {
            (_chunks ??= new ChunkedDecoder()).Begin(trailers!, maxTrailerBytes);
        }
    }

    public override ValueTask<BodyRead> ReadAsync()
    {
        HasBegun = true;
        if (IsEnded)
        {
            return new ValueTask<BodyRead>(new BodyRead(BodyStatus.End));
        }

        while (_input.TryRead(out var result))
        {
            if (Take(result, out var read))
            {
                return new ValueTask<BodyRead>(read);
            }
        }

        return ReadSlowlyAsync();
    }

    public override void Advance()
    {
        if (_holding)
        {
            _holding = false;
            _input.AdvanceTo(_consumed);
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<BodyRead> ReadSlowlyAsync()
    {
        while (true)
        {
            var result = await _input.ReadAsync();
            if (Take(result, out var read))
            {
                return read;
            }
        }
    }

    /// <summary>Takes a piece out of what was received. False when more is needed.</summary>
    private bool Take(in ReadResult result, out BodyRead read)
    {
        var buffer = result.Buffer;
        if (result.IsCanceled)
        {
            _input.AdvanceTo(buffer.Start);
            read = new BodyRead(BodyStatus.Canceled);
            return true;
        }

        if (_kind == BodyKind.Chunked)
        {
            return TakeChunk(result, out read);
        }

        if (buffer.IsEmpty)
        {
            _input.AdvanceTo(buffer.End);
            read = default;
            if (!result.IsCompleted)
            {
                return false;
            }

            IsEnded = _kind == BodyKind.UntilClose;
            read = new BodyRead(IsEnded ? BodyStatus.End : BodyStatus.Truncated);
            return true;
        }

        var data = _kind == BodyKind.Length && buffer.Length > _remaining ? buffer.Slice(0, _remaining) : buffer;
        if (_kind == BodyKind.Length)
        {
            _remaining -= data.Length;
            IsEnded = _remaining == 0;
        }

        return Hold(data, data.End, IsEnded, out read);
    }

    private bool TakeChunk(in ReadResult result, out BodyRead read)
    {
        switch (_chunks!.Read(result.Buffer, out var data, out var consumed))
        {
            case ChunkedStatus.Data:
                return Hold(data, consumed, ended: false, out read);

            case ChunkedStatus.End:
                _input.AdvanceTo(consumed);
                IsEnded = true;
                read = new BodyRead(BodyStatus.End);
                return true;

            case ChunkedStatus.NeedMore:
                _input.AdvanceTo(consumed, result.Buffer.End);
                read = new BodyRead(BodyStatus.Truncated);
                return result.IsCompleted;

            default:
                _input.AdvanceTo(consumed);
                read = new BodyRead(BodyStatus.Malformed);
                return true;
        }
    }

    private bool Hold(in ReadOnlySequence<byte> data, SequencePosition consumed, bool ended, out BodyRead read)
    {
        Total += data.Length;
        if (Total > _max)
        {
            _input.AdvanceTo(consumed);
            IsEnded = false;
            read = new BodyRead(BodyStatus.TooLarge);
            return true;
        }

        _consumed = consumed;
        _holding = true;
        read = new BodyRead(ended ? BodyStatus.End : BodyStatus.Data, data);
        return true;
    }
}
