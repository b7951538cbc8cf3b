using FilterProxy.Core.Routing;
using Xunit;

namespace FilterProxy.Tests.Routing;

public sealed class WeightedChoiceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1, 1)]
    [InlineData(90, 10)]
    [InlineData(0, 3, 0, 7, 0)]
    [InlineData(1, 999, 5)]
    public void Picks_each_target_exactly_as_often_as_its_weight_says(params int[] weights)
    {
        Assert.True(WeightedChoice.TryCreate(weights, out var choice, out _));
        var total = weights.Sum();
        var picked = new int[weights.Length];

        // One number from each of `total` equal parts of the range: each weight must get as many as it is worth.
        for (var i = 0; i < total; i++)
        {
            picked[choice.Pick((ulong)((((UInt128)i << 64) + (UInt128)(total - 1)) / (UInt128)total))]++;
        }

        Assert.Equal(weights, picked);
    }

    [Fact]
    public void Covers_the_whole_range()
    {
        Assert.True(WeightedChoice.TryCreate([int.MaxValue, int.MaxValue, int.MaxValue], out var choice, out _));

        Assert.Equal((0, 1, 2), (choice.Pick(0), choice.Pick(ulong.MaxValue / 2), choice.Pick(ulong.MaxValue)));
    }

    [Theory]
    [InlineData("greater than 0")]
    [InlineData("greater than 0", 0, 0)]
    [InlineData("negative", 1, -1)]
    public void Refuses_weights_with_a_reason(string reason, params int[] weights)
    {
        Assert.False(WeightedChoice.TryCreate(weights, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Allocates_nothing()
    {
        Assert.True(WeightedChoice.TryCreate([1, 2, 3], out var choice, out _));
        choice.Pick(0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        choice.Pick(ulong.MaxValue);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
