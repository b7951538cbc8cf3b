using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Health;
using Xunit;

namespace FilterProxy.Tests.Clusters.Health;

public sealed class OutlierDetectorTests : IDisposable
{
    private static readonly OutlierRules Rules = new() { MaxEjectionPercent = 50 };
    private readonly TestClusters _clusters = new();

    public void Dispose() => _clusters.Dispose();

    [Fact]
    public async Task Five_server_errors_in_a_row_eject_an_endpoint()
    {
        var cluster = _clusters.Create(5, Rules);
        Answer(cluster, 0, 500, 4);
        Assert.True(cluster.Endpoints[0].IsHealthy);
        Answer(cluster, 0, 500);
        await TestClusters.TakesAsync(cluster, "bcde");
        Assert.Contains(_clusters.Log.Lines, line => line.Contains("endpoint a takes no traffic: ejected: 5 server errors in a row."));
    }

    [Fact]
    public void An_answer_between_them_begins_the_row_again()
    {
        var cluster = _clusters.Create(5, Rules);
        Answer(cluster, 0, 500, 4);
        Answer(cluster, 0, 404);
        Answer(cluster, 0, 500, 4);
        Assert.True(cluster.Endpoints[0].IsHealthy);
    }

    [Theory]
    [InlineData(ProxyErrorKind.ConnectFailed)]
    [InlineData(ProxyErrorKind.ConnectTimeout)]
    [InlineData(ProxyErrorKind.UpstreamClosed)]
    [InlineData(ProxyErrorKind.UpstreamTimeout)]
    [InlineData(ProxyErrorKind.UpstreamBodyFailed)]
    public void Failures_without_an_answer_eject_too(ProxyErrorKind kind)
    {
        var cluster = _clusters.Create(5, Rules with { Consecutive5xx = 0 });
        Fail(cluster, 0, kind, 5);
        Assert.False(cluster.Endpoints[0].IsHealthy);
    }

    [Fact]
    public void Gateway_errors_are_counted_by_themselves_when_asked_for()
    {
        var cluster = _clusters.Create(5, Rules with { Consecutive5xx = 0, ConsecutiveGatewayErrors = 3 });
        Answer(cluster, 0, 500, 10);
        Answer(cluster, 1, 502, 3);
        Assert.True(cluster.Endpoints[0].IsHealthy);
        Assert.False(cluster.Endpoints[1].IsHealthy);
    }

    [Fact]
    public async Task An_ejection_ends_and_the_next_one_is_longer()
    {
        var cluster = _clusters.Create(5, Rules with { Interval = 3_600_000 });
        Answer(cluster, 0, 503, 5);
        _clusters.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(cluster.Endpoints[0].IsHealthy);
        _clusters.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(cluster.Endpoints[0].IsHealthy);
        await TestClusters.TakesAsync(cluster, "abcde");

        Answer(cluster, 0, 503, 5);
        _clusters.Time.Advance(TimeSpan.FromSeconds(55));
        Assert.False(cluster.Endpoints[0].IsHealthy);
        _clusters.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(cluster.Endpoints[0].IsHealthy);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(-24)]
    public void A_wall_clock_that_is_set_changes_no_ejection(int hours)
    {
        var cluster = _clusters.Create(5, Rules);
        Answer(cluster, 0, 503, 5);
        _clusters.Time.SetWallClock(TimeSpan.FromHours(hours));
        _clusters.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(cluster.Endpoints[0].IsHealthy);
        _clusters.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(cluster.Endpoints[0].IsHealthy);
    }

    [Fact]
    public async Task After_a_sleep_of_the_machine_ejections_are_over_and_judging_goes_on()
    {
        var cluster = _clusters.Create(5, Rules);
        Answer(cluster, 0, 503, 5);
        _clusters.Time.Jump(TimeSpan.FromDays(3));
        _clusters.Time.Advance(TimeSpan.FromMilliseconds(100));
        await TestClusters.TakesAsync(cluster, "abcde");
        Answer(cluster, 1, 503, 5);
        await TestClusters.TakesAsync(cluster, "acde");
    }

    [Fact]
    public void No_more_than_the_allowed_part_is_ejected_but_one_always_may_be()
    {
        var few = _clusters.Create(5, Rules with { MaxEjectionPercent = 10 });
        var half = _clusters.Create(4, Rules);
        for (var i = 0; i < 4; i++)
        {
            Answer(few, i, 500, 5);
            Answer(half, i, 500, 5);
        }

        Assert.Equal(1, few.Endpoints.Span.ToArray().Count(endpoint => !endpoint.IsHealthy));
        Assert.Equal(2, half.Endpoints.Span.ToArray().Count(endpoint => !endpoint.IsHealthy));
    }

    [Fact]
    public void The_only_endpoint_is_not_ejected()
    {
        var cluster = _clusters.Create(1, Rules with { MaxEjectionPercent = 100 });
        Answer(cluster, 0, 500, 20);
        Assert.True(cluster.Endpoints[0].IsHealthy);
    }

    [Fact]
    public void An_endpoint_whose_success_rate_is_far_below_the_others_is_ejected()
    {
        var cluster = _clusters.Create(6, Rules with { Consecutive5xx = 0 });
        for (var i = 0; i < 6; i++)
        {
            Answer(cluster, i, 200, i == 2 ? 70 : 100);
            Answer(cluster, 2, 500, i == 2 ? 30 : 0);
        }

        Pass(TimeSpan.FromSeconds(11));
        Assert.Equal("c", string.Concat(cluster.Endpoints.Span.ToArray().Where(endpoint => !endpoint.IsHealthy).Select(endpoint => endpoint.Name)));
    }

    [Fact]
    public void Rates_of_few_requests_or_few_endpoints_say_nothing()
    {
        var quiet = _clusters.Create(6, Rules with { Consecutive5xx = 0 });
        var small = _clusters.Create(4, Rules with { Consecutive5xx = 0 });
        for (var i = 0; i < 4; i++)
        {
            Answer(quiet, i, i == 2 ? 500 : 200, 99);
            Answer(small, i, i == 2 ? 500 : 200, 200);
        }

        Pass(TimeSpan.FromSeconds(11));
        Assert.All(quiet.Endpoints.Span.ToArray().Concat(small.Endpoints.Span.ToArray()), endpoint => Assert.True(endpoint.IsHealthy));
    }

    [Fact]
    public void What_is_known_of_an_endpoint_survives_a_change_of_its_cluster()
    {
        var former = _clusters.Create(3, Rules);
        Answer(former, 1, 500, 5);
        var next = _clusters.Create(0, Rules);
        next.Inherit(former);
        next.SetEndpoints([.. TestClusters.Names(3)]);
        Assert.Equal("ac", TestClusters.Taking(next));

        var without = _clusters.Create(0);
        without.Inherit(former);
        without.SetEndpoints([.. TestClusters.Names(3)]);
        Assert.Equal("abc", TestClusters.Taking(without));
    }

    [Fact]
    public void Watching_allocates_nothing()
    {
        var cluster = _clusters.Create(3, Rules);
        Assert.Equal(0, TestKit.Allocations.Of(() => Answer(cluster, 0, 200)));
    }

    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            _clusters.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static void Answer(ProxyCluster cluster, int endpoint, int status, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            cluster.Endpoints[endpoint].Observe(new Outcome(status, ProxyErrorKind.None, TimeSpan.Zero));
        }
    }

    private static void Fail(ProxyCluster cluster, int endpoint, ProxyErrorKind kind, int times)
    {
        for (var i = 0; i < times; i++)
        {
            cluster.Endpoints[endpoint].Observe(new Outcome(0, kind, TimeSpan.Zero));
        }
    }
}
