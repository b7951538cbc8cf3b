using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters;

public sealed class RoundRobinTests
{
    [Fact]
    public void Each_endpoint_has_its_turn()
    {
        var picker = Build(1, 1, 1);
        Assert.Equal("012012", Picks(picker, 6));
    }

    [Fact]
    public void Weights_are_shares_spread_evenly()
    {
        var picks = Picks(Build(20, 10, 0), 300);
        Assert.Equal((200, 100, 0), (picks.Count(c => c == '0'), picks.Count(c => c == '1'), picks.Count(c => c == '2')));
        Assert.DoesNotContain("000", picks);
    }

    [Fact]
    public void Without_endpoints_or_shares_there_is_none()
    {
        Assert.Null(new RoundRobin().Build(EndpointSet.Empty, null).Pick(default));
        Assert.Null(Build(0, 0).Picker.Pick(default));
    }

    [Fact]
    public void What_was_tried_is_not_picked_again()
    {
        var (set, picker) = Build(1, 1);
        Assert.Same(set[1], picker.Pick(new PickContext(Tried: [set[0]])));
        Assert.Null(picker.Pick(new PickContext(Tried: [set[0], set[1]])));
    }

    [Fact]
    public void Another_attempt_takes_no_turn()
    {
        var (set, picker) = Build(1, 1);
        Assert.Same(set[0], picker.Pick(default));
        Assert.Same(set[1], picker.Pick(new PickContext(Tried: [set[0]])));
        Assert.Same(set[1], picker.Pick(default));
    }

    [Fact]
    public void Weights_without_a_common_divisor_keep_the_table_small_and_their_shares()
    {
        var picks = Picks(Build(999_983, 500_009), 100_000);
        Assert.InRange(picks.Count(c => c == '0'), 66_000, 67_400);
    }

    [Fact]
    public void A_new_set_goes_on_where_the_last_one_was()
    {
        var (set, picker) = Build(1, 1);
        picker.Pick(default);
        Assert.Same(set[1], new RoundRobin().Build(set, picker).Pick(default));
    }

    private static (EndpointSet Set, IEndpointPicker Picker) Build(params int[] weights)
    {
        var set = new TestCluster("test", [.. weights.Select((_, i) => $"127.0.0.1:{i + 1}")]).Endpoints;
        for (var i = 0; i < weights.Length; i++)
        {
            set[i].Weight = weights[i];
        }

        return (set, new RoundRobin().Build(set, null));
    }

    private static string Picks((EndpointSet Set, IEndpointPicker Picker) built, int count) =>
        string.Concat(Enumerable.Range(0, count).Select(_ => built.Picker.Pick(default)!.Name[^1] - '1'));
}
