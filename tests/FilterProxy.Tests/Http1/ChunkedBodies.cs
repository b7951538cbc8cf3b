using System.Buffers;
using System.Text;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

/// <summary>Chunked bodies from raw bytes.</summary>
internal static class ChunkedBodies
{
    /// <summary>The outcome of a body however it is split, as one sequence of segments too.</summary>
    public static string Outcome(string raw, int maxTrailerBytes = 4096)
    {
        var bytes = Wire.Bytes(raw);
        var whole = Wire.Everywhere(bytes, (all, cuts) => OutcomeOf(all, cuts, maxTrailerBytes));
        if (bytes.Length > 1)
        {
            Assert.Equal(whole, OutcomeOf([Wire.Segments(bytes, [.. Enumerable.Range(1, bytes.Length - 1)])], maxTrailerBytes));
        }

        return whole;
    }

    public static string OutcomeOf(byte[] bytes, int[] cuts, int maxTrailerBytes = 4096) =>
        OutcomeOf(Wire.Parts(bytes, cuts).Select(part => new ReadOnlySequence<byte>(part)), maxTrailerBytes);

    private static string OutcomeOf(IEnumerable<ReadOnlySequence<byte>> parts, int maxTrailerBytes)
    {
        var decoder = new ChunkedDecoder();
        var trailers = new HeaderMap(new HeadBlock());
        var body = new StringBuilder();
        var consumed = 0L;
        decoder.Begin(trailers, maxTrailerBytes);
        foreach (var part in parts)
        {
            var rest = part;
            while (true)
            {
                var status = decoder.Read(rest, out var data, out var position);
                var next = rest.Slice(position);
                Assert.InRange(next.Length, 0, rest.Length);
                Assert.Equal(status == ChunkedStatus.Data, data.Length > 0);
                consumed += rest.Length - next.Length;
                body.Append(Wire.Text(data));
                rest = next;
                if (status == ChunkedStatus.End)
                {
                    return $"{body} {Wire.Describe(trailers)} consumed:{consumed}";
                }

                if (status == ChunkedStatus.Failed)
                {
                    return $"Failed {decoder.ErrorKind} {decoder.Detail} after {body}";
                }

                if (status == ChunkedStatus.NeedMore)
                {
                    Assert.True(rest.IsEmpty);
                    break;
                }
            }
        }

        return $"NeedMore {body}";
    }
}
