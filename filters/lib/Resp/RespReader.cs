using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Filters.Resp;

/// <summary>
/// Reads values of RESP2 and RESP3 from bytes as they come. It keeps its place within an array: what was read is not read again when more
/// comes. Nothing is allocated for what is only announced.
/// </summary>
internal sealed class RespReader
{
    private const int MaxLine = 16 * 1024, MaxDepth = 8, MaxItems = 256 * 1024;
    private readonly Frame[] _stack = new Frame[MaxDepth];
    private readonly int _maxBytes;
    private int _depth;
    private int _items;
    private long _bytes;

    /// <param name="maxBytes">The most bytes of one value with all that is in it.</param>
    public RespReader(int maxBytes) => _maxBytes = maxBytes;

    /// <summary>Takes one value off the buffer, or as much of it as is there.</summary>
    public RespStatus Read(ref ReadOnlySequence<byte> buffer, out RespValue value)
    {
        while (true)
        {
            var status = ReadElement(ref buffer, out value, out var opens);
            if (status != RespStatus.Complete)
            {
                return status;
            }

            if (opens)
            {
                continue;
            }

            if (Close(ref value))
            {
                (_items, _bytes) = (0, 0);
                return RespStatus.Complete;
            }
        }
    }

    // A value on its own, or the head of an array.
    private RespStatus ReadElement(ref ReadOnlySequence<byte> buffer, out RespValue value, out bool opens)
    {
        value = RespValue.Null;
        opens = false;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> head, "\r\n"u8))
        {
            return buffer.Length > MaxLine ? RespStatus.Invalid : RespStatus.NeedMore;
        }

        if (head.Length is 0 or > MaxLine || ++_items > MaxItems)
        {
            return RespStatus.Invalid;
        }

        Span<byte> scratch = stackalloc byte[24];
        var kind = head.FirstSpan[0];
        var line = head.Slice(1);
        switch (kind)
        {
            case (byte)'+' or (byte)'-' or (byte)',' or (byte)'(':
                var text = line.ToArray();
                if (text.AsSpan().IndexOfAny((byte)'\r', (byte)'\n') >= 0)
                {
                    return RespStatus.Invalid;
                }

                value = RespValue.OfBytes(kind == '+' ? RespKind.Simple : kind == '-' ? RespKind.Error : RespKind.Number, text);
                break;
            case (byte)':':
                if (!TryReadNumber(line, scratch, out var number))
                {
                    return RespStatus.Invalid;
                }

                value = RespValue.OfInteger(number);
                break;
            case (byte)'_' when line.IsEmpty:
                break;
            case (byte)'#' when line.Length == 1 && line.FirstSpan[0] is (byte)'t' or (byte)'f':
                value = RespValue.OfInteger(line.FirstSpan[0] == 't' ? 1 : 0) with { Kind = RespKind.Boolean };
                break;
            case (byte)'$' or (byte)'!' or (byte)'=':
                if (!TryReadNumber(line, scratch, out var length) || length < (kind == '$' ? -1 : 0) || length > _maxBytes)
                {
                    return RespStatus.Invalid;
                }

                if (length >= 0)
                {
                    var status = ReadBulk(ref reader, kind, (int)length, out value);
                    if (status != RespStatus.Complete)
                    {
                        _items--;
                        return status;
                    }
                }

                break;
            case (byte)'*' or (byte)'~' or (byte)'%' or (byte)'>' or (byte)'|':
                if (!TryReadNumber(line, scratch, out var count) || count < (kind == '*' ? -1 : 0) || count > MaxItems || _depth == MaxDepth)
                {
                    return RespStatus.Invalid;
                }

                if (count >= 0)
                {
                    opens = Open(kind, (int)count, out value);
                }

                break;
            default:
                return RespStatus.Invalid;
        }

        _bytes += reader.Consumed;
        buffer = buffer.Slice(reader.Position);
        return _bytes > _maxBytes + MaxLine ? RespStatus.Invalid : RespStatus.Complete;
    }

    private static RespStatus ReadBulk(ref SequenceReader<byte> reader, byte kind, int length, out RespValue value)
    {
        value = default;
        if (reader.Remaining < length + 2)
        {
            return RespStatus.NeedMore;
        }

        // "txt:" and the like before the text of a verbatim string says how to show it.
        var skip = kind == '=' ? 4 : 0;
        if (length < skip)
        {
            return RespStatus.Invalid;
        }

        var bytes = new byte[length - skip];
        reader.Advance(skip);
        reader.TryCopyTo(bytes);
        reader.Advance(bytes.Length);
        value = RespValue.OfBytes(kind == '!' ? RespKind.Error : RespKind.Bulk, bytes);
        return reader.IsNext("\r\n"u8, advancePast: true) ? RespStatus.Complete : RespStatus.Invalid;
    }

    // True when items follow.
    private bool Open(byte kind, int count, out RespValue value)
    {
        var of = kind switch { (byte)'%' => RespKind.Map, (byte)'>' => RespKind.Push, _ => RespKind.Array };
        value = RespValue.OfItems(of, []);
        var isAttribute = kind == '|';
        if (count == 0 && !isAttribute)
        {
            return false;
        }

        if (count == 0)
        {
            return true;
        }

        _stack[_depth++] = new Frame(of, isAttribute, kind is (byte)'%' or (byte)'|' ? count * 2 : count);
        return true;
    }

    // Puts a value where it belongs; true when it stands for itself.
    private bool Close(ref RespValue value)
    {
        while (_depth > 0)
        {
            ref var frame = ref _stack[_depth - 1];
            frame.Items.Add(value);
            if (frame.Items.Count < frame.Count)
            {
                return false;
            }

            value = RespValue.OfItems(frame.Kind, [.. frame.Items]);
            var isAttribute = frame.IsAttribute;
            frame = default;
            _depth--;
            if (isAttribute)
            {
                // Tells of the value behind it, which is what was asked for.
                return false;
            }
        }

        return true;
    }

    private static bool TryReadNumber(in ReadOnlySequence<byte> line, Span<byte> scratch, out long number)
    {
        number = 0;
        if (line.Length is 0 or > 24)
        {
            return false;
        }

        line.CopyTo(scratch);
        var length = (int)line.Length;
        return Utf8Parser.TryParse(scratch[..length], out number, out var used) && used == length;
    }

    private readonly record struct Frame(RespKind Kind, bool IsAttribute, int Count)
    {
        public List<RespValue> Items { get; } = [];
    }
}
