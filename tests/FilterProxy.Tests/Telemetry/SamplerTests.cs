using FilterProxy.Core.Telemetry;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed class SamplerTests
{
    private Sampler _sampler;

    [Fact]
    public void One_event_is_let_through_in_a_while_and_the_rest_are_counted()
    {
        Assert.True(_sampler.TryTake(1, out var skipped));
        Assert.Equal(0, skipped);
        Assert.False(_sampler.TryTake(1, out _));
        Assert.False(_sampler.TryTake(10_000, out _));

        Assert.True(_sampler.TryTake(10_001, out skipped));
        Assert.Equal(2, skipped);
    }
}
