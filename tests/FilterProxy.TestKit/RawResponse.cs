using System.Text;

namespace FilterProxy.TestKit;

/// <summary>A response as <see cref="RawClient"/> read it.</summary>
/// <param name="Version">The protocol of the status line, e.g. <c>HTTP/1.1</c>.</param>
/// <param name="Status">The status code.</param>
/// <param name="Reason">The reason phrase; may be empty.</param>
/// <param name="Headers">The fields in order.</param>
/// <param name="Body">The body without chunk framing.</param>
/// <param name="Trailers">The trailer fields in order.</param>
/// <param name="Chunks">The sizes of the chunks it came in; empty when it was not chunked.</param>
/// <param name="RawHead">The head as it came, with its last empty line.</param>
public sealed record RawResponse(
    string Version,
    int Status,
    string Reason,
    RawFields Headers,
    byte[] Body,
    RawFields Trailers,
    IReadOnlyList<int> Chunks,
    string RawHead)
{
    /// <summary>The body as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Body);
}
