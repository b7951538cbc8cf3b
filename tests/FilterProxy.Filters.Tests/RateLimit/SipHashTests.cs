using System.Buffers.Binary;
using FilterProxy.Filters.Keys;
using Xunit;

namespace FilterProxy.Filters.Tests.RateLimit;

/// <summary>The hash keys are found by, against the vectors of its authors.</summary>
public sealed class SipHashTests
{
    [Theory]
    [InlineData(0, "a3817f04ba25a8e66df67214c7550293")]
    [InlineData(1, "da87c1d86b99af44347659119b22fc45")]
    [InlineData(2, "8177228da4a45dc7fca38bdef60affe4")]
    public void Its_results_are_the_published_ones(int length, string expected)
    {
        var key = Enumerable.Range(0, 16).Select(i => (byte)i).ToArray();
        var data = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        var (first, second) = SipHash.Of(data, BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key.AsSpan(8)));

        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, first);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), second);
        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
    }
}
