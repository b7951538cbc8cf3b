namespace FilterProxy.Core.Http1;

/// <summary>Reads the trailer section of a chunked body (RFC 9112 §7.1.2).</summary>
internal sealed class Http1TrailerReader : Http1HeadReader
{
    public void Begin(HeaderMap trailers, HeadLimits limits)
    {
        trailers.Clear();
        BeginLines(trailers.Block, trailers, limits, startLine: false);
    }

    protected override ProxyError CreateError(ProxyErrorKind kind, string detail) => ProxyError.Downstream(kind, detail);

    protected override bool ReadStartLine(ReadOnlySpan<byte> line, bool complete) => true;

    protected override FieldVerdict JudgeField(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (TrailerFields.IsForbidden(known))
        {
            Fail(ProxyErrorKind.BadRequest, "forbidden_trailer");
            return FieldVerdict.Fail;
        }

        return TrailerFields.IsDropped(known) ? FieldVerdict.Drop : FieldVerdict.Add;
    }
}
