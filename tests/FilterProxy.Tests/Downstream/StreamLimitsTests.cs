using FilterProxy.Core.Downstream;
using Xunit;

namespace FilterProxy.Tests.Downstream;

public sealed class StreamLimitsTests
{
    [Fact]
    public void A_source_has_a_larger_window_unless_one_was_asked_for()
    {
        var limits = new StreamLimits { StreamWindow = 100_000 };

        Assert.Equal(1 << 20, limits.ForSource(hasWindow: false).StreamWindow);
        Assert.Equal(100_000, limits.ForSource(hasWindow: true).StreamWindow);
    }

    [Theory]
    [InlineData(100_000, 2 * 4096 * 100_000)]
    [InlineData(64 << 20, int.MaxValue)]
    public void Uploads_that_nobody_reads_leave_a_source_room_for_others(int window, int expected) =>
        Assert.Equal(expected, new StreamLimits { StreamWindow = window }.ForSource(hasWindow: true).ConnectionWindow);
}
