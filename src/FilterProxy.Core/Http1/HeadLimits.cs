namespace FilterProxy.Core.Http1;

/// <summary>How large a head may be. Sizes are inclusive: a head of exactly the limit passes.</summary>
/// <param name="MaxRequestLine">Bytes of the request or status line, without its CRLF.</param>
/// <param name="MaxHeadBytes">Bytes of the whole head, every CRLF included.</param>
/// <param name="MaxHeaderCount">Field lines, dropped ones included.</param>
/// <param name="MaxHeaderBytes">Bytes of one field line, without its CRLF; 65535 at most.</param>
/// <param name="Underscores">What happens to request fields with an underscore in the name.</param>
internal sealed record HeadLimits(
    int MaxRequestLine = 8192,
    int MaxHeadBytes = 32768,
    int MaxHeaderCount = 100,
    int MaxHeaderBytes = 16384,
    UnderscorePolicy Underscores = UnderscorePolicy.Drop)
{
    public static readonly HeadLimits Default = new();
}
