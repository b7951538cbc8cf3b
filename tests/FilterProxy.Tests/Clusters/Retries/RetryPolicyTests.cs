using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters.Retries;

public sealed class RetryPolicyTests
{
    [Theory]
    [InlineData("GatewayError", 503, true)]
    [InlineData("GatewayError", 500, false)]
    [InlineData("ServerError", 500, true)]
    [InlineData("ServerError", 503, true)]
    [InlineData("ServerError", 404, false)]
    [InlineData("Reset", 503, false)]
    public void Statuses_are_tried_again_where_the_policy_says_so(string on, int status, bool expected) =>
        Assert.Equal(expected, Wants(new RetryPolicy { On = Enum.Parse<RetryOn>(on) }, status));

    [Fact]
    public void Statuses_may_be_listed()
    {
        var policy = new RetryPolicy { On = RetryOn.None, Statuses = [new StatusRange(429, 429), new StatusRange(520, 527)] };
        Assert.True(Wants(policy, 429));
        Assert.True(Wants(policy, 525));
        Assert.False(Wants(policy, 503));
    }

    [Fact]
    public void A_response_may_ask_for_it_by_a_field_or_a_gRPC_status()
    {
        var policy = new RetryPolicy { On = RetryOn.None, Headers = [("x-retry"u8.ToArray(), "yes"u8.ToArray()), ("x-any"u8.ToArray(), [])], GrpcCodes = 1u << 14 };
        Assert.True(Wants(policy, 200, ("x-retry", "yes")));
        Assert.False(Wants(policy, 200, ("x-retry", "no")));
        Assert.True(Wants(policy, 200, ("x-any", "no")));
        Assert.True(Wants(policy, 200, ("grpc-status", "14")));
        Assert.False(Wants(policy, 200, ("grpc-status", "0")));
    }

    [Theory]
    [InlineData("ConnectFailure", ProxyErrorKind.ConnectFailed, UpstreamStage.Connect, false, true)]
    [InlineData("ConnectFailure", ProxyErrorKind.ConnectTimeout, UpstreamStage.Connect, false, true)]
    [InlineData("ConnectFailure", ProxyErrorKind.UpstreamClosed, UpstreamStage.Head, false, false)]
    [InlineData("Reset", ProxyErrorKind.UpstreamClosed, UpstreamStage.Head, false, true)]
    [InlineData("Reset", ProxyErrorKind.ConnectFailed, UpstreamStage.Connect, false, false)]
    [InlineData("Timeout", ProxyErrorKind.UpstreamTimeout, UpstreamStage.Head, false, true)]
    [InlineData("RefusedStream", ProxyErrorKind.UpstreamClosed, UpstreamStage.Head, true, true)]
    [InlineData("Reset", ProxyErrorKind.UpstreamClosed, UpstreamStage.Head, true, false)]
    [InlineData("GatewayError", ProxyErrorKind.UpstreamTimeout, UpstreamStage.Head, false, true)]
    [InlineData("ServerError", ProxyErrorKind.BadResponse, UpstreamStage.Head, false, false)]
    public void Failures_are_tried_again_where_the_policy_says_so(string on, ProxyErrorKind kind, UpstreamStage stage, bool refused, bool expected) =>
        Assert.Equal(expected, new RetryPolicy { On = Enum.Parse<RetryOn>(on) }.Wants(stage, ProxyError.Upstream(kind), refused));

    [Fact]
    public void Waits_are_spread_from_nothing_to_a_bound_that_grows()
    {
        var policy = new RetryPolicy { BackoffBase = 100, BackoffMax = 500 };
        foreach (var (retry, bound) in new[] { (1, 100), (2, 300), (3, 500), (15, 500) })
        {
            var waits = Enumerable.Range(0, 2000).Select(_ => policy.WaitBefore(retry)).ToList();
            Assert.InRange(waits.Min(), 0, bound / 10);
            Assert.InRange(waits.Max(), bound * 9 / 10, bound - 1);
        }
    }

    [Fact]
    public void A_budget_is_a_part_of_the_requests_and_never_less_than_its_minimum()
    {
        var budget = new RetryBudget(20, 3);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => budget.TryTake(10)));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => budget.TryTake(25)));
        budget.Return();
        Assert.True(budget.TryTake(25));
        Assert.Equal(5, budget.Active);
    }

    private static bool Wants(RetryPolicy policy, int status, params (string, string)[] headers)
    {
        using var exchange = TestExchange.Get("/").WithResponse(status, "", headers);
        return policy.Wants(exchange.Response);
    }
}
