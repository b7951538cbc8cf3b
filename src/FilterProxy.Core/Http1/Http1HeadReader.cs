using System.Buffers;

namespace FilterProxy.Core.Http1;

/// <summary>
/// The line machinery under every head and trailer section: copies bytes into a head block once and parses lines where they stand.
/// </summary>
/// <remarks>
/// Strict where RFC 9112 §2.2 lets a recipient be lenient: lines end with CRLF only. A line is judged as far as it has arrived, so a
/// malformed head is refused at its first wrong byte and not when (or if) the rest comes; the verdict depends on the bytes alone,
/// never on how they were split. Progress is kept relative to the line, so others may append to the block between two reads.
/// </remarks>
internal abstract class Http1HeadReader
{
    // What follows the head in the same piece is copied in vain: small enough not to matter, large enough for nearly every head.
    private const int PieceSize = 2048;

    // RFC 9112 §2.2: at least one empty line before a request line is to be ignored, for clients that end a body with CRLF.
    private const int MaxEmptyLines = 4;

    private HeadBlock _block = null!;
    private HeaderMap _fields = null!;
    private int _lineStart;
    private int _end;
    private int _scanned;
    private int _nameChecked;
    private int _colon;
    private int _emptyLines;
    private int _fieldCount;
    private bool _inFields;

    /// <summary>What went wrong when <see cref="Read"/> said <see cref="HeadStatus.Failed"/>.</summary>
    public ProxyError Error { get; private set; }

    /// <summary>Bytes of the complete lines of this head so far, without empty lines before it.</summary>
    public int HeadBytes { get; private set; }

    /// <summary>Whether any byte of a head was seen; empty lines before a request line are none.</summary>
    public bool HasStarted => _inFields || (_end > _lineStart && _block.Slice(_lineStart, 1)[0] != Http1Bytes.CarriageReturn);

    protected HeadLimits Limits { get; private set; } = HeadLimits.Default;

    protected HeadBlock Block => _block;

    protected int LineStart => _lineStart;

    // The CRLF that must follow is part of what the head may have.
    private int LineLimit => Math.Min(
        _inFields ? Math.Min(Limits.MaxHeaderBytes, ushort.MaxValue) : Limits.MaxRequestLine, Limits.MaxHeadBytes - HeadBytes - 2);

    /// <summary>
    /// Takes bytes. <see cref="HeadStatus.NeedMore"/>: all were consumed. <see cref="HeadStatus.Complete"/>: consumed up to the end
    /// of the head. <see cref="HeadStatus.Failed"/>: see <see cref="Error"/>; the connection cannot be read any further.
    /// </summary>
    public HeadStatus Read(in ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        if (_block.Length != _end)
        {
            MoveLineToEnd();
        }

        if (buffer.IsSingleSegment)
        {
            var status = Feed(buffer.FirstSpan, out var used);
            consumed = status == HeadStatus.NeedMore ? buffer.End : buffer.GetPosition(used);
            return status;
        }

        var total = 0L;
        foreach (var segment in buffer)
        {
            var status = Feed(segment.Span, out var used);
            total += used;
            if (status != HeadStatus.NeedMore)
            {
                consumed = buffer.GetPosition(total);
                return status;
            }
        }

        consumed = buffer.End;
        return HeadStatus.NeedMore;
    }

    protected void BeginLines(HeadBlock block, HeaderMap fields, HeadLimits limits, bool startLine)
    {
        _block = block;
        _fields = fields;
        Limits = limits;
        Error = default;
        HeadBytes = 0;
        _inFields = !startLine;
        _fieldCount = 0;
        _emptyLines = 0;
        _lineStart = _end = block.Length;
        BeginLine();
    }

    /// <summary>
    /// Judges the start line as far as it is there; called again with more of it. Sets the head's parts once it is complete.
    /// </summary>
    protected abstract bool ReadStartLine(ReadOnlySpan<byte> line, bool complete);

    /// <summary>Judges a complete field before it is added.</summary>
    protected abstract FieldVerdict JudgeField(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Judges the head as a whole; from here on the block may be appended to.</summary>
    protected virtual bool EndHead() => true;

    protected virtual bool AllowsEmptyLines => false;

    protected abstract ProxyError CreateError(ProxyErrorKind kind, string detail);

    protected bool Fail(ProxyErrorKind kind, string detail)
    {
        Error = CreateError(kind, detail);
        return false;
    }

    protected bool Fail(in ProxyError error)
    {
        Error = error;
        return false;
    }

    private HeadStatus Feed(ReadOnlySpan<byte> span, out int used)
    {
        used = 0;
        while (used < span.Length)
        {
            var piece = span.Slice(used, Math.Min(PieceSize, span.Length - used));
            _block.Append(piece);
            used += piece.Length;
            var status = ScanLines();
            if (status == HeadStatus.Complete)
            {
                used -= _block.Length - _lineStart;
                _block.Truncate(_lineStart);
                if (!EndHead())
                {
                    status = HeadStatus.Failed;
                }
            }

            _end = _block.Length;
            if (status != HeadStatus.NeedMore)
            {
                return status;
            }
        }

        return HeadStatus.NeedMore;
    }

    private HeadStatus ScanLines()
    {
        var written = _block.Written;
        while (true)
        {
            var line = written[_lineStart..];
            var hit = line[_scanned..].IndexOfAny(Http1Bytes.Control);
            if (hit < 0)
            {
                _scanned = line.Length;
                return CheckPartialLine(line) ? HeadStatus.NeedMore : HeadStatus.Failed;
            }

            var end = _scanned = _scanned + hit;
            var isReturn = line[end] == Http1Bytes.CarriageReturn;
            if (isReturn && end + 1 == line.Length)
            {
                return CheckPartialLine(line[..end]) ? HeadStatus.NeedMore : HeadStatus.Failed;
            }

            if (!isReturn || line[end + 1] != Http1Bytes.LineFeed)
            {
                // What stands before the control byte is judged first: it would have been, had it come alone.
                _ = CheckPartialLine(line[..end]) && Fail(ProxyErrorKind.BadRequest, ControlDetail(line[end]));
                return HeadStatus.Failed;
            }

            if (end > LineLimit)
            {
                _ = CheckPartialLine(line[..end]);
                return HeadStatus.Failed;
            }

            var atEnd = end == 0 && _inFields;
            if (!atEnd && !ReadLine(line[..end]))
            {
                return HeadStatus.Failed;
            }

            _lineStart += end + 2;
            BeginLine();
            if (atEnd)
            {
                HeadBytes += 2;
                return HeadStatus.Complete;
            }
        }
    }

    private bool ReadLine(ReadOnlySpan<byte> line)
    {
        if (_inFields)
        {
            HeadBytes += line.Length + 2;
            return ReadField(line);
        }

        if (line.IsEmpty && AllowsEmptyLines)
        {
            return ++_emptyLines <= MaxEmptyLines || Fail(ProxyErrorKind.BadRequest, "too_many_empty_lines");
        }

        HeadBytes += line.Length + 2;
        _inFields = true;
        return ReadStartLine(line, complete: true);
    }

    private bool CheckPartialLine(ReadOnlySpan<byte> line)
    {
        var limit = LineLimit;
        var judged = line.Length <= limit ? line : line[..Math.Max(limit, 0)];
        if (!judged.IsEmpty && !(_inFields ? CheckName(judged) : ReadStartLine(judged, complete: false)))
        {
            return false;
        }

        if (line.Length <= limit)
        {
            return true;
        }

        return limit < Limits.MaxHeadBytes - HeadBytes - 2
            ? _inFields ? Fail(ProxyErrorKind.HeadTooLarge, "field_too_large") : Fail(ProxyErrorKind.UriTooLong, "start_line_too_long")
            : Fail(ProxyErrorKind.HeadTooLarge, "head_too_large");
    }

    private bool CheckName(ReadOnlySpan<byte> line)
    {
        if (_colon > 0)
        {
            return true;
        }

        var rest = line[_nameChecked..];
        var length = rest.IndexOfAnyExcept(Http1Bytes.Token);
        if (length < 0)
        {
            _nameChecked = line.Length;
            return true;
        }

        var end = _nameChecked + length;
        if (line[end] == (byte)':' && end > 0)
        {
            _colon = end;
            return true;
        }

        // RFC 9112 §5.1: white space before the colon has led to request smuggling; §5.2: so has line folding.
        return Fail(ProxyErrorKind.BadRequest, (line[end], end) switch
        {
            (Http1Bytes.Space or Http1Bytes.Tab, 0) => "obs_fold",
            (Http1Bytes.Space or Http1Bytes.Tab, _) => "space_in_header_name",
            ((byte)':', _) => "empty_header_name",
            _ => "bad_header_name",
        });
    }

    private bool ReadField(ReadOnlySpan<byte> line)
    {
        if (!CheckName(line))
        {
            return false;
        }

        if (_colon == 0)
        {
            return Fail(ProxyErrorKind.BadRequest, "missing_colon");
        }

        if (++_fieldCount > Limits.MaxHeaderCount)
        {
            return Fail(ProxyErrorKind.HeadTooLarge, "too_many_fields");
        }

        int start = _colon + 1, end = line.Length;
        while (start < end && Http1Bytes.IsWhitespace(line[start]))
        {
            start++;
        }

        while (end > start && Http1Bytes.IsWhitespace(line[end - 1]))
        {
            end--;
        }

        var name = line[.._colon];
        var known = KnownHeaders.Find(name);
        switch (JudgeField(known, name, line[start..end]))
        {
            case FieldVerdict.Add:
                _fields.AddParsed(new HeaderEntry
                {
                    NameStart = _lineStart,
                    NameLength = (ushort)_colon,
                    ValueStart = _lineStart + start,
                    ValueLength = end - start,
                    Known = known,
                    IsLine = start == _colon + 2 && end == line.Length && line[_colon + 1] == Http1Bytes.Space,
                });
                return true;
            case FieldVerdict.Drop:
                return true;
            default:
                return false;
        }
    }

    private void BeginLine() => _scanned = _nameChecked = _colon = 0;

    private void MoveLineToEnd()
    {
        var start = _block.Append(_block.Slice(_lineStart, _end - _lineStart));
        _lineStart = start;
        _end = _block.Length;
    }

    private static string ControlDetail(byte value) => value switch
    {
        Http1Bytes.LineFeed => "bare_lf",
        Http1Bytes.CarriageReturn => "bare_cr",
        0 => "nul",
        _ => "control_byte",
    };

    /// <summary>What becomes of a field.</summary>
    protected enum FieldVerdict
    {
        Add,
        Drop,
        Fail,
    }
}
