using Xunit;

namespace FilterProxy.Tests.Config;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("512B", 512)]
    [InlineData("64KiB", 65536)]
    [InlineData("64 KiB", 65536)]
    [InlineData("64kib", 65536)]
    [InlineData("10MB", 10_000_000)]
    [InlineData("1.5MiB", 1_572_864)]
    [InlineData("2GiB", 2147483648)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("1TiB", 1099511627776)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_read(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var size, out string error), error);
        Assert.Equal(bytes, size.Bytes);
    }

    [Theory]
    [InlineData("", "expected a size like '64KiB' or '10MB', got ''")]
    [InlineData("10m", "expected a size like '64KiB' or '10MB', got '10m'")]
    [InlineData("KiB", "expected a size like '64KiB' or '10MB', got 'KiB'")]
    [InlineData("-1", "expected a size like '64KiB' or '10MB', got '-1'")]
    [InlineData("1,000", "expected a size like '64KiB' or '10MB', got '1,000'")]
    [InlineData("0.1KiB", "'0.1KiB' is not a whole number of bytes")]
    [InlineData("9223372036854775808", "'9223372036854775808' is too large")]
    [InlineData("9999999999TiB", "'9999999999TiB' is too large")]
    [InlineData("99999999999999999999999999999999999999", "expected a size like '64KiB' or '10MB', got '99999999999999999999999999999999999999'")]
    public void What_is_no_size_is_refused(string text, string expected)
    {
        Assert.False(ByteSize.TryParse(text, out _, out string error));
        Assert.Equal(expected, error);
        Assert.Throws<FormatException>(() => ByteSize.Parse(text, null));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(512, "512")]
    [InlineData(65536, "64KiB")]
    [InlineData(10_000_000, "10MB")]
    [InlineData(1_572_864, "1536KiB")]
    public void Its_text_is_short_and_reads_back(long bytes, string text)
    {
        Assert.Equal(text, new ByteSize(bytes).ToString());
        Assert.Equal(bytes, ByteSize.Parse(text, null).Bytes);
    }
}
