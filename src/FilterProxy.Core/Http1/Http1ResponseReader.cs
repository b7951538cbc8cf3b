namespace FilterProxy.Core.Http1;

/// <summary>Reads response heads, interim ones included, into a <see cref="ResponseHead"/>; reused by its connection.</summary>
/// <remarks>
/// As strict as for requests. RFC 9112 §5.1 and §5.2 would have a proxy repair white space before a colon and line folding in a
/// response; we refuse both with 502, the simpler of two safe ways: whoever sends them disagrees with somebody about where fields end.
/// </remarks>
internal sealed class Http1ResponseReader(ResponseHead head) : Http1HeadReader
{
    private const int MinLength = 12;

    /// <summary>Makes ready for the next head and forgets the last one, such as an interim response.</summary>
    public void Begin(HeadLimits limits)
    {
        head.Reset();
        BeginLines(head.Block, head.Headers, limits, startLine: true);
    }

    protected override ProxyError CreateError(ProxyErrorKind kind, string detail) => ProxyError.Upstream(
        ProxyErrorKind.BadResponse,
        detail: kind is ProxyErrorKind.HeadTooLarge or ProxyErrorKind.UriTooLong ? "response_head_too_large" : detail);

    // status-line = HTTP-version SP status-code [ SP [ reason-phrase ] ]: the space before an absent reason is required by
    // RFC 9112 §4 and left out by enough origins.
    protected override bool ReadStartLine(ReadOnlySpan<byte> line, bool complete)
    {
        if (Http1Version.Check(line[..Math.Min(line.Length, Http1Version.Length)]) != ProxyErrorKind.None)
        {
            return Fail(ProxyErrorKind.BadResponse, "bad_version");
        }

        if (!complete)
        {
            return true;
        }

        if (line.Length < MinLength || line[8] != Http1Bytes.Space || (line.Length > MinLength && line[MinLength] != Http1Bytes.Space))
        {
            return Fail(ProxyErrorKind.BadResponse, "bad_status_line");
        }

        int hundreds = line[9] - '0', tens = line[10] - '0', ones = line[11] - '0';
        if (hundreds is < 1 or > 5 || tens is < 0 or > 9 || ones is < 0 or > 9)
        {
            return Fail(ProxyErrorKind.BadResponse, "bad_status_code");
        }

        head.Version = line[7] == (byte)'1' ? HttpVersionKind.Http11 : HttpVersionKind.Http10;
        head.StatusCode = (hundreds * 100) + (tens * 10) + ones;
        head.SetReason(line.Length > MinLength + 1 ? new ByteRange(LineStart + MinLength + 1, line.Length - MinLength - 1) : default);
        return true;
    }

    protected override FieldVerdict JudgeField(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => FieldVerdict.Add;
}
