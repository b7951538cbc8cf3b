using System.Buffers;
using System.Text;

namespace FilterProxy.Tests.Pipeline;

/// <summary>What transforming body filters of the tests write.</summary>
internal static class BodyPieces
{
    public static FilterStatus Append(ReadOnlySequence<byte> data, bool end, IBufferWriter<byte> output, string last)
    {
        foreach (var piece in data)
        {
            output.Write(piece.Span);
        }

        if (end)
        {
            output.Write(Encoding.UTF8.GetBytes(last));
        }

        return FilterStatus.Continue;
    }
}
