using System.Buffers;

namespace FilterProxy.Core.Http1;

/// <summary>Takes the chunked coding off a body (RFC 9112 §7.1) without copying it; reused by its connection.</summary>
/// <remarks>
/// Strict: CRLF only, no white space around sizes and extensions, 64-bit sizes, well-formed extensions. Extensions are dropped, as
/// §7.1.1 wants of a recipient that knows none. They cost the sender nothing and us time, so one body may spend 8 KiB on them,
/// and wins back a byte with each byte of data.
/// </remarks>
internal sealed class ChunkedDecoder
{
    private const int ExtensionBudget = 8192;
    private const int MaxSizeDigits = 16;

    private readonly Http1TrailerReader _trailers = new();
    private HeaderMap? _trailerFields;
    private HeadLimits _trailerLimits = HeadLimits.Default;
    private State _state;
    private long _remaining;
    private int _digits;
    private int _extensionBudget;

    private enum State : byte
    {
        Size,
        ExtensionStart,
        ExtensionName,
        ExtensionValueStart,
        ExtensionToken,
        ExtensionQuoted,
        ExtensionEscaped,
        ExtensionEnd,
        SizeLineFeed,
        Data,
        DataReturn,
        DataLineFeed,
        Trailers,
        Done,
        Failed,
    }

    /// <summary>BadRequest or HeadTooLarge (trailers) when <see cref="Read"/> said <see cref="ChunkedStatus.Failed"/>.</summary>
    public ProxyErrorKind ErrorKind { get; private set; }

    /// <summary>What exactly, as a stable code.</summary>
    public string? Detail { get; private set; }

    /// <summary>Makes ready for the next body.</summary>
    /// <param name="trailers">Gets the trailer fields; its block may be appended to by others between reads.</param>
    /// <param name="maxTrailerBytes">Bytes of the whole trailer section, its last CRLF included.</param>
    public void Begin(HeaderMap trailers, int maxTrailerBytes)
    {
        trailers.Clear();
        _trailerFields = trailers;
        if (_trailerLimits.MaxHeadBytes != maxTrailerBytes)
        {
            _trailerLimits = new HeadLimits(MaxHeadBytes: maxTrailerBytes, MaxHeaderBytes: maxTrailerBytes);
        }

        _extensionBudget = ExtensionBudget;
        ErrorKind = ProxyErrorKind.None;
        Detail = null;
        BeginChunk();
    }

    /// <summary>
    /// Takes bytes, up to the end of the first run of data in them. <see cref="ChunkedStatus.Data"/>: <paramref name="data"/> is a
    /// slice of the buffer; call again with what follows <paramref name="consumed"/>. <see cref="ChunkedStatus.End"/>: consumed up
    /// to the end of the message.
    /// </summary>
    public ChunkedStatus Read(in ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> data, out SequencePosition consumed)
    {
        var rest = buffer;
        data = default;
        if (_state == State.Done)
        {
            consumed = buffer.Start;
            return ChunkedStatus.End;
        }

        while (!rest.IsEmpty)
        {
            if (_state == State.Data)
            {
                data = rest.Length > _remaining ? rest.Slice(0, _remaining) : rest;
                var length = data.Length;
                _remaining -= length;
                _extensionBudget = (int)Math.Min(ExtensionBudget, _extensionBudget + length);
                _state = _remaining == 0 ? State.DataReturn : State.Data;
                consumed = data.End;
                return ChunkedStatus.Data;
            }

            if (_state == State.Trailers)
            {
                return ReadTrailers(rest, out consumed);
            }

            var used = ReadFraming(rest.FirstSpan);
            if (_state == State.Failed)
            {
                consumed = rest.Start;
                return ChunkedStatus.Failed;
            }

            rest = rest.Slice(used);
        }

        consumed = rest.Start;
        return ChunkedStatus.NeedMore;
    }

    /// <summary>The failure as an error of the side the body came from.</summary>
    public ProxyError CreateError(ErrorSource source) => source == ErrorSource.Upstream
        ? ProxyError.Upstream(ProxyErrorKind.UpstreamBodyFailed, detail: Detail)
        : ProxyError.Downstream(ErrorKind, Detail);

    private ChunkedStatus ReadTrailers(in ReadOnlySequence<byte> rest, out SequencePosition consumed)
    {
        switch (_trailers.Read(rest, out consumed))
        {
            case HeadStatus.Complete:
                _state = State.Done;
                return ChunkedStatus.End;
            case HeadStatus.Failed:
                Fail(_trailers.Error.Kind, _trailers.Error.Detail!);
                return ChunkedStatus.Failed;
            default:
                return ChunkedStatus.NeedMore;
        }
    }

    // Size lines are a few bytes long: byte by byte is the fast way. Stops where data or trailers begin.
    private int ReadFraming(ReadOnlySpan<byte> span)
    {
        var i = 0;
        while (i < span.Length && _state is not (State.Data or State.Trailers or State.Failed))
        {
            _state = Step(span[i++]);
        }

        return i;
    }

    private State Step(byte value)
    {
        switch (_state)
        {
            case State.Size when HexDigit(value) is >= 0 and var digit:
                _remaining = (_remaining << 4) | (uint)digit;
                return ++_digits > MaxSizeDigits || _remaining < 0 ? Fail("chunk_size_overflow") : State.Size;
            case State.Size when _digits == 0:
                return Fail("bad_chunk_size");
            case State.Size:
                return value is Http1Bytes.CarriageReturn or (byte)';' ? AfterElement(value) : Fail("bad_chunk_size");
            case State.SizeLineFeed:
                return value == Http1Bytes.LineFeed ? EndSizeLine() : Fail("bad_chunk_line_end");
            case State.DataReturn:
                return value == Http1Bytes.CarriageReturn ? State.DataLineFeed : Fail("bad_chunk_end");
            case State.DataLineFeed:
                return value == Http1Bytes.LineFeed ? BeginChunk() : Fail("bad_chunk_end");
            default:
                return --_extensionBudget < 0 ? Fail("chunk_extensions_too_large") : StepExtension(value);
        }
    }

    // chunk-ext = *( ";" chunk-ext-name [ "=" ( token / quoted-string ) ] ); the white space §7.1.1 calls bad is refused.
    private State StepExtension(byte value)
    {
        switch (_state)
        {
            case State.ExtensionStart when Http1Bytes.Token.Contains(value):
            case State.ExtensionName when Http1Bytes.Token.Contains(value):
                return State.ExtensionName;
            case State.ExtensionName when value == (byte)'=':
                return State.ExtensionValueStart;
            case State.ExtensionValueStart when value == (byte)'"':
                return State.ExtensionQuoted;
            case State.ExtensionValueStart when Http1Bytes.Token.Contains(value):
            case State.ExtensionToken when Http1Bytes.Token.Contains(value):
                return State.ExtensionToken;
            case State.ExtensionName or State.ExtensionToken or State.ExtensionEnd:
                return AfterElement(value);
            case State.ExtensionQuoted when value == (byte)'"':
                return State.ExtensionEnd;
            case State.ExtensionQuoted when value == (byte)'\\':
                return State.ExtensionEscaped;
            case State.ExtensionQuoted or State.ExtensionEscaped when !Http1Bytes.Control.Contains(value):
                return State.ExtensionQuoted;
            default:
                return Fail("bad_chunk_extension");
        }
    }

    private State AfterElement(byte value) => value switch
    {
        Http1Bytes.CarriageReturn => State.SizeLineFeed,
        (byte)';' => State.ExtensionStart,
        _ => Fail("bad_chunk_extension"),
    };

    private State EndSizeLine()
    {
        if (_remaining > 0)
        {
            return State.Data;
        }

        _trailers.Begin(_trailerFields!, _trailerLimits);
        return State.Trailers;
    }

    private State BeginChunk()
    {
        _remaining = 0;
        _digits = 0;
        return _state = State.Size;
    }

    private State Fail(string detail) => Fail(ProxyErrorKind.BadRequest, detail);

    private State Fail(ProxyErrorKind kind, string detail)
    {
        ErrorKind = kind;
        Detail = detail;
        return _state = State.Failed;
    }

    private static int HexDigit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };
}
