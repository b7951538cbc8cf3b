using FilterProxy.Core.Clusters.Eligibility;
using Xunit;

namespace FilterProxy.Tests.Clusters.Eligibility;

public sealed class PriorityLoadsTests
{
    // Healthy of total by priority; then percents, with ! where health is not asked.
    [Theory]
    [InlineData("5/5 5/5", 10, "100 0")]
    [InlineData("4/5 5/5", 10, "100 0")]
    [InlineData("3/5 5/5", 10, "84 16")]
    [InlineData("0/5 5/5", 10, "0 100")]
    [InlineData("0/5 0/5", 10, "100! 0!")]
    [InlineData("0/5 0/5", 0, "0 0")]
    [InlineData("1/5", 10, "100")]
    [InlineData("1/5", 50, "100!")]
    [InlineData("1/5 1/5", 10, "50 50")]
    [InlineData("1/5 2/5 0/5", 50, "34! 66! 0!")]
    [InlineData("", 10, "")]
    public void Each_priority_takes_what_it_can_carry(string levels, int threshold, string expected)
    {
        var shared = PriorityLoads.Share(
            [.. levels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(level => level.Split('/')).Select(parts => new PriorityLoad(int.Parse(parts[1]), int.Parse(parts[0])))],
            threshold);
        Assert.Equal(expected, string.Join(' ', shared.Select(load => $"{load.Percent}{(load.IsPanic ? "!" : "")}")));
    }
}
