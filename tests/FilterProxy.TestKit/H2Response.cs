using System.Text;

namespace FilterProxy.TestKit;

/// <summary>What came on one stream, up to its end or its reset.</summary>
/// <param name="Status">The final status; 0 when the stream was reset before.</param>
/// <param name="Headers">The fields of the final head, without <c>:status</c>.</param>
/// <param name="Body">The bytes of DATA.</param>
/// <param name="Trailers">The fields after the body.</param>
/// <param name="Interim">The statuses that came before the final one.</param>
/// <param name="Reset">The error code it was reset with; null for an orderly end.</param>
public sealed record H2Response(int Status, RawFields Headers, byte[] Body, RawFields Trailers, IReadOnlyList<int> Interim, int? Reset)
{
    /// <summary>The body as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Body);
}
