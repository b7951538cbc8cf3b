using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters.LoadBalancing;

public sealed class BalancerTests
{
    public static TheoryData<string> All => [.. Balancers.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void Without_endpoints_there_is_none(string name)
    {
        Assert.Null(Balancers.Create(name).Build(EndpointSet.Empty, null).Pick(default));
        Assert.Null(Balancers.Create(name).Build(Balancers.SetOf(0, 0), null).Pick(default));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_endpoint_of_weight_0_is_never_picked(string name)
    {
        var set = Balancers.SetOf(1, 0, 1);
        Assert.Equal(0, Balancers.Create(name).Build(set, null).Count(set, 1000)[1]);
    }

    [Theory]
    [InlineData("round_robin", 0)]
    [InlineData("weighted_round_robin", 3)]
    [InlineData("least_requests", 700)]
    [InlineData("power_of_two_choices", 700)]
    [InlineData("random", 700)]
    [InlineData("peak_ewma", 700)]
    [InlineData("ip_hash", 700)]
    [InlineData("maglev", 700)]
    public void Equal_endpoints_get_equal_shares(string name, int tolerance)
    {
        var set = Balancers.SetOf(1, 1, 1, 1, 1);
        Assert.All(Balancers.Create(name).Build(set, null).Count(set, 50_000), count => Assert.InRange(count, 10_000 - tolerance, 10_000 + tolerance));
    }

    [Theory]
    [InlineData("round_robin", 0)]
    [InlineData("weighted_round_robin", 3)]
    [InlineData("power_of_two_choices", 700)]
    [InlineData("random", 700)]
    [InlineData("ip_hash", 700)]
    [InlineData("maglev", 700)]
    public void Weights_are_shares(string name, int tolerance)
    {
        var set = Balancers.SetOf(5, 2, 1);
        var counts = Balancers.Create(name).Build(set, null).Count(set, 40_000);
        Assert.InRange(counts[0], 25_000 - tolerance, 25_000 + tolerance);
        Assert.InRange(counts[1], 10_000 - tolerance, 10_000 + tolerance);
        Assert.InRange(counts[2], 5_000 - tolerance, 5_000 + tolerance);
    }

    [Theory]
    [InlineData("round_robin")]
    [InlineData("weighted_round_robin")]
    [InlineData("least_requests")]
    [InlineData("power_of_two_choices")]
    [InlineData("ip_hash")]
    [InlineData("consistent_hash")]
    [InlineData("maglev")]
    [InlineData("first_available")]
    [InlineData("peak_ewma")]
    public void Of_two_the_one_not_yet_tried_is_picked(string name)
    {
        var set = Balancers.SetOf(1, 1);
        var picker = Balancers.Create(name).Build(set, null);
        for (var i = 0; i < 100; i++)
        {
            Assert.Same(set[1], picker.Pick(Balancers.KeyOf(i) with { Tried = [set[0]] }));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_pick_allocates_nothing(string name)
    {
        var set = Balancers.SetOf(3, 1, 1, 1, 2);
        var picker = Balancers.Create(name).Build(set, null);
        var context = Balancers.KeyOf(7);
        for (var i = 0; i < 1000; i++)
        {
            picker.Pick(context);
        }

        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                picker.Pick(context);
            }
        }));
    }

    [Fact]
    public void Smooth_round_robin_mixes_what_is_heavy_with_what_is_light()
    {
        var set = Balancers.SetOf(5, 1, 1);
        var picker = new WeightedRoundRobin().Build(set, null);
        var picks = string.Concat(Enumerable.Range(0, 700).Select(_ => set.Span.IndexOf(picker.Pick(default)!)));
        Assert.DoesNotContain("11", picks, StringComparison.Ordinal);
        Assert.DoesNotContain("22", picks, StringComparison.Ordinal);
        Assert.DoesNotContain("00000000", picks, StringComparison.Ordinal);
    }

    [Fact]
    public void Least_requests_is_exact_and_by_weight()
    {
        var set = Balancers.SetOf(4, 1, 1);
        var picker = new LeastRequests().Build(set, null);
        for (var i = 0; i < 60; i++)
        {
            picker.Pick(default)!.Begin();
        }

        Assert.Equal([40, 10, 10], set.Span.ToArray().Select(endpoint => endpoint.InFlight));
    }

    [Fact]
    public void Of_two_choices_the_one_with_fewer_requests_is_taken()
    {
        var set = Balancers.SetOf(1, 1);
        set[0].Begin();
        var picker = new PowerOfTwoChoices().Build(set, null);
        Assert.Equal([0, 1000], picker.Count(set, 1000));
    }

    [Fact]
    public void Two_choices_keep_the_longest_queue_short()
    {
        var set = Balancers.SetOf(100);
        var picker = new PowerOfTwoChoices().Build(set, null);
        for (var i = 0; i < 1000; i++)
        {
            picker.Pick(default)!.Begin();
        }

        // Ten each on average; one random choice would leave some with more than twenty.
        Assert.InRange(set.Span.ToArray().Max(endpoint => endpoint.InFlight), 10, 15);
    }

    [Fact]
    public void The_first_endpoint_has_all_until_it_was_tried()
    {
        var set = Balancers.SetOf(1, 1, 1);
        var picker = new FirstAvailable().Build(set, null);
        Assert.Equal([100, 0, 0], picker.Count(set, 100));
        Assert.Same(set[1], picker.Pick(new PickContext(Tried: [set[0]])));
    }

    [Fact]
    public void The_endpoint_that_answers_sooner_is_taken()
    {
        var set = Balancers.SetOf(1, 1);
        var balancer = new PeakEwma();
        balancer.Observe(set[0], new Outcome(200, ProxyErrorKind.None, TimeSpan.FromMilliseconds(200)));
        balancer.Observe(set[1], new Outcome(200, ProxyErrorKind.None, TimeSpan.FromMilliseconds(10)));
        Assert.Equal([0, 1000], balancer.Build(set, null).Count(set, 1000));
    }

    [Fact]
    public void A_slow_answer_counts_in_full_and_is_forgotten()
    {
        var second = System.Diagnostics.Stopwatch.Frequency;
        var average = new LatencyAverage();
        average.Add(0.010, second);
        average.Add(1.0, 2 * second);
        Assert.Equal(1.0, average.Read(2 * second), 3);
        Assert.InRange(average.Read(12 * second), 0.3, 0.4);
        Assert.InRange(average.Read(102 * second), 0, 0.001);
    }
}
