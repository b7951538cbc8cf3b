using System.Buffers;
using System.Text;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

/// <summary>Feeds raw bytes to the codec in one piece, split anywhere, or byte by byte, and tells what came of it as text.</summary>
internal static class Wire
{
    public static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static string Text(in ReadOnlySequence<byte> bytes) => Encoding.Latin1.GetString(bytes.ToArray());

    /// <summary>The bytes as one sequence of several segments.</summary>
    public static ReadOnlySequence<byte> Segments(byte[] bytes, params int[] cuts)
    {
        Segment? first = null, last = null;
        foreach (var part in Parts(bytes, cuts))
        {
            last = new Segment(part, last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    public static IEnumerable<ReadOnlyMemory<byte>> Parts(byte[] bytes, params int[] cuts)
    {
        var start = 0;
        foreach (var cut in cuts.Append(bytes.Length))
        {
            yield return bytes.AsMemory(start, cut - start);
            start = cut;
        }
    }

    /// <summary>Runs a message whole, in segments, split at every position and byte by byte; returns the one outcome they must share.</summary>
    public static string Everywhere(byte[] bytes, Func<byte[], int[], string> run)
    {
        var whole = run(bytes, []);
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            Assert.Equal(whole, run(bytes, [cut]));
        }

        Assert.Equal(whole, run(bytes, [.. Enumerable.Range(1, Math.Max(0, bytes.Length - 1))]));
        return whole;
    }

    /// <summary>One read call per part; the place the reader stopped at counts from the start of the bytes.</summary>
    public static (HeadStatus Status, long Consumed) Feed(Http1HeadReader reader, byte[] bytes, params int[] cuts)
    {
        var consumed = 0L;
        foreach (var part in Parts(bytes, cuts))
        {
            var buffer = new ReadOnlySequence<byte>(part);
            var status = reader.Read(buffer, out var position);
            var used = buffer.GetOffset(position) - buffer.GetOffset(buffer.Start);
            Assert.InRange(used, 0, part.Length);
            consumed += used;
            if (status != HeadStatus.NeedMore)
            {
                return (status, consumed);
            }

            Assert.Equal(part.Length, used);
        }

        return (HeadStatus.NeedMore, consumed);
    }

    public static string Describe(HeaderMap headers)
    {
        var text = new StringBuilder();
        foreach (var field in headers)
        {
            text.Append(Text(field.Name)).Append('=').Append(Text(field.Value)).Append('|');
        }

        return text.ToString();
    }

    public static string Describe(in ProxyError error) => $"{error.Kind} {error.Detail}";

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
