namespace FilterProxy.Core.Http1;

/// <summary>Reads request heads into a <see cref="RequestHead"/>; reused by its connection, one head after the other.</summary>
internal sealed class Http1RequestReader(RequestHead head) : Http1HeadReader
{
    private const int MaxMethodLength = 32;

    private int _methodLength;
    private int _targetEnd;
    private int _lineChecked;
    private bool _asteriskPath;

    /// <summary>Makes ready for the next head. The head block is reset by the exchange that owns it.</summary>
    public void Begin(HeadLimits limits)
    {
        head.Reset();
        _methodLength = _targetEnd = _lineChecked = 0;
        _asteriskPath = false;
        BeginLines(head.Block, head.Headers, limits, startLine: true);
    }

    protected override bool AllowsEmptyLines => true;

    protected override ProxyError CreateError(ProxyErrorKind kind, string detail) => ProxyError.Downstream(kind, detail);

    protected override bool ReadStartLine(ReadOnlySpan<byte> line, bool complete)
    {
        if (_methodLength == 0 && !ReadMethod(line))
        {
            return false;
        }

        if (_methodLength != 0 && _targetEnd == 0 && !ReadTargetEnd(line))
        {
            return false;
        }

        if (_targetEnd == 0)
        {
            return !complete || Fail(ProxyErrorKind.BadRequest, "bad_request_line");
        }

        var version = line[(_targetEnd + 1)..];
        var kind = Http1Version.Check(version[..Math.Min(version.Length, Http1Version.Length)]);
        if (kind != ProxyErrorKind.None)
        {
            return Fail(kind, "bad_version");
        }

        if (version.Length > Http1Version.Length || (complete && version.Length < Http1Version.Length))
        {
            return Fail(ProxyErrorKind.BadRequest, "bad_version");
        }

        if (!complete)
        {
            return true;
        }

        head.Version = version[^1] == (byte)'1' ? HttpVersionKind.Http11 : HttpVersionKind.Http10;
        return ReadTarget(line[(_methodLength + 1).._targetEnd]);
    }

    protected override FieldVerdict JudgeField(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (known)
        {
            case KnownHeader.Unknown:
                return Limits.Underscores == UnderscorePolicy.Allow || !name.Contains((byte)'_') ? FieldVerdict.Add
                    : Limits.Underscores == UnderscorePolicy.Drop ? FieldVerdict.Drop
                    : Reject("underscore_in_header_name");
            case KnownHeader.Host:
                // RFC 9112 §3.2: more than one Host, or one that is no authority, is a 400. Empty is valid where there is no authority.
                return head.Headers.Contains(KnownHeader.Host) ? Reject("duplicate_host")
                    : value.IsEmpty || Http1Authority.IsValid(value) ? FieldVerdict.Add
                    : Reject("bad_host");
            case KnownHeader.ContentLength:
            case KnownHeader.TransferEncoding:
                var error = Http1Framing.CheckRequestField(head, known, value);
                if (!error.IsError)
                {
                    return FieldVerdict.Add;
                }

                Fail(error);
                return FieldVerdict.Fail;
            default:
                return FieldVerdict.Add;
        }
    }

    protected override bool EndHead()
    {
        if (_asteriskPath)
        {
            // RFC 9112 §3.2.4: OPTIONS in absolute-form without path and query goes to the origin as "*".
            head.SetPathAndQuery(new ByteRange(Block.Append("*"u8), 1), default, hasQuery: false);
        }

        var index = head.Headers.IndexOf(KnownHeader.Host, 0);
        if (index < 0 && head.Version == HttpVersionKind.Http11)
        {
            return Fail(ProxyErrorKind.BadRequest, "missing_host");
        }

        if (!head.Authority.IsEmpty)
        {
            // RFC 9112 §3.2.2: the target's authority replaces Host.
            if (index < 0 || !head.Authority.SequenceEqual(head.Headers.ValueOf(head.Headers.Entries[index])))
            {
                head.Headers.Set(KnownHeader.Host, head.Authority);
            }
        }
        else if (index >= 0)
        {
            ref readonly var host = ref head.Headers.Entries[index];
            head.SetAuthority(new ByteRange(host.ValueStart, host.ValueLength));
        }

        return true;
    }

    private bool ReadMethod(ReadOnlySpan<byte> line)
    {
        var length = line[_lineChecked..].IndexOfAnyExcept(Http1Bytes.Token);
        var end = length < 0 ? line.Length : _lineChecked + length;
        if (end > MaxMethodLength)
        {
            return Fail(ProxyErrorKind.BadRequest, "method_too_long");
        }

        _lineChecked = end;
        if (length < 0)
        {
            return true;
        }

        if (end == 0 || line[end] != Http1Bytes.Space)
        {
            return Fail(ProxyErrorKind.BadRequest, "bad_method");
        }

        var method = line[..end];
        var kind = RequestTarget.ClassifyMethod(method);
        if (kind == HttpMethodKind.Other && IsRtspMethod(method))
        {
            return Fail(ProxyErrorKind.NotImplemented, "rtsp_method");
        }

        head.SetMethod(new ByteRange(LineStart, end), kind);
        _methodLength = end;
        _lineChecked = end + 1;
        return true;
    }

    private bool ReadTargetEnd(ReadOnlySpan<byte> line)
    {
        var length = line[_lineChecked..].IndexOfAnyExcept(Http1Bytes.Visible);
        if (length < 0)
        {
            _lineChecked = line.Length;
            return true;
        }

        var end = _lineChecked + length;
        if (line[end] != Http1Bytes.Space || end == _methodLength + 1)
        {
            return Fail(ProxyErrorKind.BadRequest, "bad_target");
        }

        _targetEnd = end;
        return true;
    }

    // The four forms of RFC 9112 §3.2.
    private bool ReadTarget(ReadOnlySpan<byte> target)
    {
        var start = LineStart + _methodLength + 1;

        // Methods are set again: another append may have moved the line since they were first seen.
        head.SetMethod(new ByteRange(LineStart, _methodLength), head.MethodKind);
        head.SetTarget(new ByteRange(start, target.Length));
        if (head.MethodKind == HttpMethodKind.Connect)
        {
            head.SetAuthority(new ByteRange(start, target.Length));
            return Http1Authority.IsValid(target, portRequired: true) || Fail(ProxyErrorKind.BadRequest, "bad_target");
        }

        if (target[0] == (byte)'/')
        {
            SetPathAndQuery(target, start);
            return true;
        }

        if (target.SequenceEqual("*"u8))
        {
            // Also SSDP's M-SEARCH: it is defined with this form and with no other.
            head.SetPathAndQuery(new ByteRange(start, 1), default, hasQuery: false);
            return head.MethodKind == HttpMethodKind.Options || head.Method.SequenceEqual("M-SEARCH"u8)
                || Fail(ProxyErrorKind.BadRequest, "bad_target");
        }

        return ReadAbsoluteTarget(target, start);
    }

    private bool ReadAbsoluteTarget(ReadOnlySpan<byte> target, int start)
    {
        var scheme = target.Length > 7 && HeaderName.Equals(target[..7], "http://"u8) ? 7
            : target.Length > 8 && HeaderName.Equals(target[..8], "https://"u8) ? 8
            : 0;
        if (scheme == 0)
        {
            return Fail(ProxyErrorKind.BadRequest, "bad_target");
        }

        var rest = target[scheme..];
        var length = rest.IndexOfAny("/?#"u8);
        length = length < 0 ? rest.Length : length;
        var authority = rest[..length];
        if (authority.Contains((byte)'@'))
        {
            // RFC 9110 §4.2.4: userinfo in an http URI disguises where it leads; recipients treat it as an error.
            return Fail(ProxyErrorKind.BadRequest, "userinfo");
        }

        if (!Http1Authority.IsValid(authority))
        {
            return Fail(ProxyErrorKind.BadRequest, "bad_target");
        }

        head.SetAuthority(new ByteRange(start + scheme, length));
        rest = rest[length..];
        SetPathAndQuery(rest, start + scheme + length);
        if (rest.IsEmpty || rest[0] != (byte)'/')
        {
            _asteriskPath = head.MethodKind == HttpMethodKind.Options && !head.HasQuery;

            // An empty path is "/" (RFC 9110 §4.2.3); the scheme's last slash lends the byte.
            var query = head.HasQuery ? QueryRange(rest, start + scheme + length) : default;
            head.SetPathAndQuery(new ByteRange(start + scheme - 1, 1), query, head.HasQuery);
        }

        return true;
    }

    private void SetPathAndQuery(ReadOnlySpan<byte> target, int start)
    {
        target = WithoutFragment(target);
        var mark = target.IndexOf((byte)'?');
        if (mark < 0)
        {
            head.SetPathAndQuery(new ByteRange(start, target.Length), default, hasQuery: false);
        }
        else
        {
            head.SetPathAndQuery(new ByteRange(start, mark), QueryRange(target, start), hasQuery: true);
        }
    }

    private static ByteRange QueryRange(ReadOnlySpan<byte> target, int start)
    {
        target = WithoutFragment(target);
        var mark = target.IndexOf((byte)'?');
        return new ByteRange(start + mark + 1, target.Length - mark - 1);
    }

    // A fragment is the user agent's own affair (RFC 9110 §7.1) and no part of a target; clients that send one mean the rest.
    private static ReadOnlySpan<byte> WithoutFragment(ReadOnlySpan<byte> target)
    {
        var fragment = target.IndexOf((byte)'#');
        return fragment < 0 ? target : target[..fragment];
    }

    // A client that speaks RTSP to us was aimed here by someone else; its requests look like ours but mean something different.
    private static bool IsRtspMethod(ReadOnlySpan<byte> method) => method.Length switch
    {
        4 => method.SequenceEqual("PLAY"u8),
        5 => method.SequenceEqual("SETUP"u8) || method.SequenceEqual("PAUSE"u8) || method.SequenceEqual("FLUSH"u8),
        6 => method.SequenceEqual("RECORD"u8),
        8 => method.SequenceEqual("ANNOUNCE"u8) || method.SequenceEqual("DESCRIBE"u8) || method.SequenceEqual("TEARDOWN"u8)
            || method.SequenceEqual("REDIRECT"u8),
        13 => method.SequenceEqual("GET_PARAMETER"u8) || method.SequenceEqual("SET_PARAMETER"u8),
        _ => false,
    };

    private FieldVerdict Reject(string detail)
    {
        Fail(ProxyErrorKind.BadRequest, detail);
        return FieldVerdict.Fail;
    }
}
