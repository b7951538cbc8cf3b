using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Secret;

/// <summary>What the server says to visitors.</summary>
public sealed class VisitHandshakeTests : IDisposable
{
    private const string Laptop = "laptop:people:acme";

    private readonly HandshakeBench _bench = new()
    {
        Access = new()
        {
            Rules = [new() { Agents = ["*:shop:*"], Protocols = ["tcp", "udp"] }, new() { Agents = ["*:people:acme"], Visits = ["shop/d*", "shop/web"], MaxVisits = 2 }],
        },
    };

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_visitor_is_let_in_while_an_agent_has_its_service()
    {
        await using var server = _bench.Create();
        Assert.Equal((404, "tunnel_visit_unknown"), await VisitAsync(server, "shop/db;type=stcp"));
        var (_, agent, _) = await AskAsync(server, OwnRequest(Edge, "streams", null, "x-filterproxy-tunnel-service: db;type=stcp"));

        Assert.Equal((200, null), await VisitAsync(server, "shop/db;type=stcp"));
        Assert.Equal((404, "tunnel_visit_unknown"), await VisitAsync(server, "shop/db;type=sudp"));
        Assert.Equal((404, "tunnel_visit_unknown"), await VisitAsync(server, "shop/db;type=xtcp"));
        agent!.Dispose();
        Assert.Equal((404, "tunnel_visit_unknown"), await VisitAsync(server, "shop/db;type=stcp"));
    }

    [Theory]
    [InlineData("shop/web2;type=stcp")]
    [InlineData("other/db;type=stcp")]
    [InlineData("shop/ssh;type=sudp")]
    public async Task Who_may_not_visit_a_service_does_not_learn_whether_it_is_there(string visit)
    {
        await using var server = _bench.Create();

        Assert.Equal((403, "tunnel_visit_denied"), await VisitAsync(server, visit));
    }

    [Fact]
    public async Task An_agent_may_visit_nothing_that_its_rule_does_not_name()
    {
        await using var server = _bench.Create();
        await AskAsync(server, OwnRequest(Edge, "streams", null, "x-filterproxy-tunnel-service: db;type=stcp"));

        Assert.Equal((403, "tunnel_visit_denied"), await VisitAsync(server, "shop/db;type=stcp", Edge));
    }

    [Fact]
    public async Task A_visitor_has_so_many_visits_at_a_time_and_takes_no_node()
    {
        await using var server = _bench.Create();
        await AskAsync(server, OwnRequest(Edge, "streams", null, "x-filterproxy-tunnel-service: db;type=stcp"));
        var (_, one, _) = await AskAsync(server, Request("shop/db;type=stcp"));
        Assert.Equal((200, null), await VisitAsync(server, "shop/db;type=stcp"));
        Assert.Equal((429, "tunnel_over_limit"), await VisitAsync(server, "shop/db;type=stcp"));

        one!.Dispose();

        Assert.Equal((200, null), await VisitAsync(server, "shop/db;type=stcp"));
        Assert.Equal(1, _bench.Context.Shared<TunnelSessions>().Count);
    }

    [Theory]
    [InlineData("x-filterproxy-tunnel-visit: shop/db")]
    [InlineData("x-filterproxy-tunnel-visit: shop/db;type=tcp")]
    [InlineData("x-filterproxy-tunnel-visit: db;type=stcp")]
    [InlineData("x-filterproxy-tunnel-visit: /db;type=stcp")]
    [InlineData("x-filterproxy-tunnel-visit: shop/d b;type=stcp")]
    [InlineData("x-filterproxy-tunnel-visit: other/shop/db;type=stcp")]
    [InlineData("x-filterproxy-tunnel-visit: shop/db;type=stcp", "x-filterproxy-tunnel-visit: shop/db;type=stcp")]
    [InlineData("x-filterproxy-tunnel-visit: shop/db;type=stcp", "x-filterproxy-tunnel-service: db;type=stcp")]
    [InlineData("x-filterproxy-tunnel-visit: shop/db;type=stcp", "x-filterproxy-tunnel-session: 0123456789abcdef0123456789abcdef")]
    [InlineData("x-other: none")]
    public async Task A_visit_that_cannot_be_understood_is_refused(params string[] fields)
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, OwnRequest(Laptop, "visit", null, fields));

        Assert.Equal((400, "tunnel_malformed"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task An_agent_that_says_it_visits_something_is_refused()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, OwnRequest(Edge, "streams", null, "x-filterproxy-tunnel-visit: shop/db;type=stcp"));

        Assert.Equal((400, "tunnel_malformed"), (answer.Status, answer.Reason));
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("shop/")]
    [InlineData("a*b*/db")]
    [InlineData("acme/shop/db")]
    public void A_rule_names_services_as_cluster_and_service(string visit)
    {
        var problems = new TunnelAccessRuleOptions { Agents = ["*:*:*"], Visits = [visit] }.Validate(new(this));

        Assert.Contains(problems, problem => problem.ErrorMessage!.Contains("cluster/service", StringComparison.Ordinal));
    }

    private static string Request(string visit, string who = Laptop) => OwnRequest(who, "visit", null, $"x-filterproxy-tunnel-visit: {visit}");

    private static async Task<(int Status, string? Reason)> VisitAsync(FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeServer server, string visit, string who = Laptop)
    {
        var (answer, _, _) = await AskAsync(server, Request(visit, who));
        return (answer.Status, answer.Reason);
    }
}
