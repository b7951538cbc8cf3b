using FilterProxy.Core.Config.Binding;
using Xunit;

namespace FilterProxy.Tests.Config.Binding;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500us", 0.5)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("off", 0)]
    public void Durations_are_read(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration, out var error), error);
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("30", "expected a duration like '250ms', got '30' (add a unit: '30s')")]
    [InlineData("1h30", "expected a duration like '250ms', got '1h30' (add a unit: '1h30s')")]
    [InlineData("", "expected a duration like '250ms', got ''")]
    [InlineData("s", "expected a duration like '250ms', got 's'")]
    [InlineData("-1s", "expected a duration like '250ms', got '-1s'")]
    [InlineData("5 s", "expected a duration like '250ms', got '5 s'")]
    [InlineData("5S", "expected a duration like '250ms', got '5S'")]
    [InlineData("1..5s", "expected a duration like '250ms', got '1..5s'")]
    [InlineData("5sec", "expected a duration like '250ms', got '5sec'")]
    [InlineData("00:00:05", "expected a duration like '250ms', got '00:00:05'")]
    [InlineData("0.01us", "expected a duration like '250ms', got '0.01us'")]
    [InlineData("36501d", "'36501d' is too long a time")]
    [InlineData("99999999999999999999999d", "'99999999999999999999999d' is too long a time")]
    public void What_is_no_duration_is_refused(string text, string expected)
    {
        Assert.False(DurationText.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }
}
