using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Access;

/// <summary>What a reload does to tunnels there are.</summary>
public sealed class RevocationTests : IDisposable
{
    private const string Secret = "a secret of edge-1 that is long enough";

    private static readonly TunnelAccessRuleOptions Rule = new() { Agents = ["*:*:acme"], Protocols = ["http", "tcp"], Ports = ["5432", "6000"] };

    private readonly HandshakeBench _bench = new()
    {
        Credentials = new() { Keys = [new() { Id = "k1", Agent = Edge, Secret = Secret }] },
        Access = new() { Rules = [Rule] },
    };

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_tunnel_that_would_be_let_in_again_stays() => Assert.Equal("", await ReasonAsync(() => _bench.Access = new() { Rules = [Rule with { Ports = ["5432"], MaxConnections = 1 }] }));

    [Fact]
    public async Task A_tunnel_that_no_rule_is_about_any_more_is_closed() =>
        Assert.Equal("no rule lets it have a tunnel any more", await ReasonAsync(() => _bench.Access = new() { Rules = [Rule with { Agents = ["edge-2:*:*"] }] }));

    [Fact]
    public async Task A_tunnel_whose_service_may_not_be_there_any_more_is_closed() =>
        Assert.Equal("the service 'db' may not have the port 5432", await ReasonAsync(() => _bench.Access = new() { Rules = [Rule with { Ports = ["6000"] }] }));

    [Fact]
    public async Task A_tunnel_that_may_not_carry_what_it_did_is_closed() =>
        Assert.Equal("it may not carry http any more", await ReasonAsync(() => _bench.Access = new() { Rules = [Rule with { Protocols = ["tcp"] }] }));

    [Theory]
    [InlineData("k2", Edge, Secret)]
    [InlineData("k1", Edge, "another secret that is long enough as well")]
    [InlineData("k1", "edge-2:shop:acme", Secret)]
    public async Task A_tunnel_whose_key_is_not_its_agents_any_more_is_closed(string id, string agent, string secret) => Assert.Equal(
        "key k1 does not prove it any more", await ReasonAsync(() => _bench.Credentials = new() { Keys = [new() { Id = id, Agent = agent, Secret = secret }] }));

    [Fact]
    public async Task A_tunnel_that_is_over_is_left_alone()
    {
        await using var before = _bench.Create();
        var (_, admission, line) = await AskAsync(before, Hello());
        await line.CloseAsync();
        _bench.Access = new();
        await using var after = _bench.Create();
        await after.StartAsync(default);

        Assert.False(admission!.Revoked.IsCancellationRequested);
    }

    private async Task<string> ReasonAsync(Action change)
    {
        await using var before = _bench.Create();
        await before.StartAsync(default);
        var (_, admission, _) = await AskAsync(before, Hello());
        change();
        await using var after = _bench.Create();
        Assert.False(admission!.Revoked.IsCancellationRequested);
        await after.StartAsync(default);
        Assert.Equal(admission.RevokeReason.Length > 0, admission.Revoked.IsCancellationRequested);
        Assert.Equal(admission.RevokeReason.Length > 0, _bench.Context.LogLines.Any(line => line.Contains($"loses its streams connection of session {admission.Welcome.SessionId}: {admission.RevokeReason}.", StringComparison.Ordinal)));
        return admission.RevokeReason;
    }

    private string Hello() => SignedHello.Request(_bench.Clock, "k1", Secret, OwnRequest(Edge, "streams", null, "x-filterproxy-tunnel-service: db;type=tcp;port=5432"));
}
