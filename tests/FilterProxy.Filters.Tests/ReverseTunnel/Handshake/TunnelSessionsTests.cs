using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

/// <summary>Which connections are one agent's, and which are a stranger's with its id.</summary>
public sealed class TunnelSessionsTests : IDisposable
{
    private const string Session = "0123456789abcdef0123456789abcdef", Another = "ffffffffffffffffffffffffffffffff";

    private readonly HandshakeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Connections_of_a_session_belong_together()
    {
        await using var server = _bench.Create();
        var (_, first, _) = await AskAsync(server, OwnRequest());

        var (_, second, _) = await AskAsync(server, OwnRequest(Edge, "streams", first!.Welcome.SessionId));
        var (_, work, _) = await AskAsync(server, OwnRequest(Edge, "work", first.Welcome.SessionId));

        Assert.Equal([first.Welcome.SessionId, first.Welcome.SessionId], [second!.Welcome.SessionId, work!.Welcome.SessionId]);
        Assert.Equal(TunnelKind.Work, work.Hello.Kind);
    }

    [Fact]
    public async Task An_agent_that_comes_to_a_server_that_was_restarted_keeps_its_session()
    {
        await using var server = _bench.Create();

        var (_, first, _) = await AskAsync(server, OwnRequest(Edge, "streams", Session));
        var (_, second, _) = await AskAsync(server, OwnRequest(Edge, "streams", Session));

        Assert.Equal((Session, Session), (first!.Welcome.SessionId, second!.Welcome.SessionId));
    }

    [Fact]
    public async Task Connections_of_a_program_without_sessions_belong_together_by_their_node()
    {
        await using var server = _bench.Create();

        var (_, first, _) = await AskAsync(server, Request());
        var (_, second, _) = await AskAsync(server, Request());

        Assert.Equal(first!.Welcome.SessionId, second!.Welcome.SessionId);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Another)]
    public async Task Another_agent_of_a_connected_node_is_refused(string? session)
    {
        await using var server = _bench.Create();
        var (_, first, _) = await AskAsync(server, OwnRequest());

        var (answer, _, _) = await AskAsync(server, OwnRequest(Edge, "streams", session));

        Assert.Equal((409, "tunnel_node_taken", "1"), (answer.Status, answer.Reason, answer["retry-after"]));
        Assert.False(first!.Revoked.IsCancellationRequested);
    }

    [Fact]
    public async Task Another_agent_of_a_connected_node_takes_its_place_where_that_is_the_rule()
    {
        _bench.Handshake = new() { Collision = CollisionRule.Replace };
        await using var server = _bench.Create();
        var (_, first, line) = await AskAsync(server, OwnRequest());

        var (answer, second, _) = await AskAsync(server, OwnRequest());
        await line.CloseAsync();
        var (_, third, _) = await AskAsync(server, OwnRequest(Edge, "streams", second!.Welcome.SessionId));

        Assert.Equal((200, true, false), (answer.Status, first!.Revoked.IsCancellationRequested, second.Revoked.IsCancellationRequested));
        Assert.Equal(second.Welcome.SessionId, third!.Welcome.SessionId);
    }

    [Fact]
    public async Task A_node_is_free_again_when_its_last_connection_has_closed()
    {
        await using var server = _bench.Create();
        var (_, first, line) = await AskAsync(server, OwnRequest());
        var (_, second, _) = await AskAsync(server, OwnRequest(Edge, "streams", first!.Welcome.SessionId));

        await line.CloseAsync();
        var (early, _, _) = await AskAsync(server, OwnRequest());
        second!.Dispose();
        var (late, _, _) = await AskAsync(server, OwnRequest());

        Assert.Equal((409, 200), (early.Status, late.Status));
    }

    [Fact]
    public async Task The_node_of_one_tenant_is_not_that_of_another()
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["http"] }] };
        await using var server = _bench.Create();
        var (_, first, _) = await AskAsync(server, OwnRequest());

        var (answer, second, _) = await AskAsync(server, OwnRequest("edge-1:shop:other"));

        Assert.Equal(200, answer.Status);
        Assert.NotEqual(first!.Welcome.SessionId, second!.Welcome.SessionId);
    }

    [Fact]
    public async Task The_session_of_another_agent_cannot_be_joined()
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["http"] }] };
        await using var server = _bench.Create();
        var (_, first, _) = await AskAsync(server, OwnRequest());

        var (stream, _, _) = await AskAsync(server, OwnRequest("edge-1:shop:other", "streams", first!.Welcome.SessionId));
        var (work, _, _) = await AskAsync(server, OwnRequest("edge-1:shop:other", "work", first.Welcome.SessionId));

        Assert.Equal(((409, "tunnel_no_session"), (409, "tunnel_no_session")), ((stream.Status, stream.Reason), (work.Status, work.Reason)));
    }

    [Theory]
    [InlineData("shop:other:acme")]
    [InlineData("edge-2:edge-1:acme")]
    public async Task What_is_a_cluster_cannot_be_a_node_nor_the_other_way_round(string agent)
    {
        await using var server = _bench.Create();
        await AskAsync(server, OwnRequest());

        var (answer, _, _) = await AskAsync(server, OwnRequest(agent));

        Assert.Equal((409, "tunnel_id_ambiguous"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_node_is_of_its_first_cluster_as_long_as_it_is_connected()
    {
        await using var server = _bench.Create();
        await AskAsync(server, OwnRequest(Edge, "streams", Session));

        var (answer, _, _) = await AskAsync(server, OwnRequest("edge-1:bakery:acme", "streams", Session));

        Assert.Equal((409, "tunnel_node_taken"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task An_agent_has_no_more_connections_of_a_kind_than_its_rule_says()
    {
        await using var server = _bench.Create();
        var (kinds, answers) = (new[] { "streams", "streams", "streams", "streams", "work", "work", "work" }, new List<(int, string?)>());
        foreach (var kind in kinds)
        {
            var (answer, _, _) = await AskAsync(server, OwnRequest(Edge, kind, Session));
            answers.Add((answer.Status, answer["retry-after"]));
        }

        Assert.Equal([(200, null), (200, null), (200, null), (429, "5"), (200, null), (200, null), (429, "5")], answers);
    }

    [Fact]
    public async Task There_are_no_more_agents_than_the_server_takes()
    {
        _bench.Handshake = new() { MaxAgents = 2 };
        await using var server = _bench.Create();
        await AskAsync(server, OwnRequest("edge-1:shop:acme"));
        var (_, second, _) = await AskAsync(server, OwnRequest("edge-2:shop:acme"));

        var (full, _, _) = await AskAsync(server, OwnRequest("edge-3:shop:acme"));
        second!.Dispose();
        var (free, _, _) = await AskAsync(server, OwnRequest("edge-3:shop:acme"));

        Assert.Equal((503, "tunnel_full", 200), (full.Status, full.Reason, free.Status));
        Assert.Equal(2, _bench.Context.Shared<TunnelSessions>().Count);
    }
}
