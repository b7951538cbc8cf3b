using FilterProxy.Filters.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

public sealed class HandshakeServerTests : IDisposable
{
    private readonly HandshakeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task An_agent_of_another_program_is_let_in_as_it_expects()
    {
        await using var server = _bench.Create();

        var (answer, admission, _) = await AskAsync(server, Request(Edge, "content-length: 0"));

        Assert.Equal((200, "0", null), (answer.Status, answer["content-length"], answer.Reason));
        Assert.Equal((Edge, 0, TunnelCapabilities.Http), (admission!.Hello.Identity.ToString(), admission.Hello.Version, admission.Hello.Capabilities));
    }

    [Fact]
    public async Task An_agent_of_this_program_is_told_the_settings_and_what_it_may_carry()
    {
        _bench.Handshake = new() { PingInterval = TimeSpan.FromSeconds(3), PingTimeout = TimeSpan.FromSeconds(7), MaxStreams = 77 };
        await using var server = _bench.Create();

        var (answer, admission, _) = await AskAsync(server, OwnRequest());

        Assert.Equal(("1", "http,tcp", "3000", "7000", "77"), (
            answer["x-filterproxy-tunnel-version"], answer["x-filterproxy-tunnel-capabilities"], answer["x-filterproxy-tunnel-ping-interval-ms"],
            answer["x-filterproxy-tunnel-ping-timeout-ms"], answer["x-filterproxy-tunnel-max-streams"]));
        Assert.Equal((admission!.Welcome.SessionId, admission.Welcome.SessionId), (answer["x-filterproxy-tunnel-session"], admission.Hello.SessionId));
    }

    [Fact]
    public async Task What_an_agent_says_of_itself_is_known()
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:acme"], Protocols = ["http", "tcp"], Hosts = ["*.example.com"], Ports = ["5000-6000"] }] };
        await using var server = _bench.Create();

        var (_, admission, _) = await AskAsync(server, OwnRequest(Edge, "streams", null,
            "x-envoy-reverse-tunnel-upstream-cluster-name: hub", "x-filterproxy-tunnel-labels: zone=eu,note=two%20words",
            "x-filterproxy-tunnel-service: app;type=http;host=A.example.com;host=*.b.example.com", "x-filterproxy-tunnel-service: db;type=tcp;port=5432"));

        var hello = admission!.Hello;
        Assert.Equal(("hub", "eu", "two words"), (hello.Server, hello.Labels["zone"], hello.Labels["note"]));
        Assert.Equal(["app Http 0 a.example.com,*.b.example.com", "db Tcp 5432 "], hello.Services.Select(s => $"{s.Name} {s.Type} {s.Port} {string.Join(',', s.Hosts)}"));
    }

    [Fact]
    public async Task Who_asks_by_upgrade_is_answered_by_101()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request(Edge, "Connection: keep-alive, Upgrade", "Upgrade: reverse-tunnel"));

        Assert.Equal((101, "reverse-tunnel", null), (answer.Status, answer["upgrade"], answer["content-length"]));
    }

    // The checks in their order: each request is wrong in all that follows, too.
    [Theory]
    [InlineData("GET / HTTP/1.0\r\n\r\n", 400, "tunnel_malformed")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400, "tunnel_malformed")]
    [InlineData("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400, "tunnel_malformed")]
    [InlineData("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx", 400, "tunnel_malformed")]
    [InlineData("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", 400, "tunnel_malformed")]
    [InlineData("POST /reverse_connections/request HTTP/1.1\r\nhost: a\r\n\r\n", 404, "tunnel_not_found")]
    [InlineData("GET /reverse_connections/request?a HTTP/1.1\r\nhost: a\r\n\r\n", 404, "tunnel_not_found")]
    [InlineData("GET /reverse_connections/request HTTP/1.1\r\nhost: a\r\n\r\n", 426, "tunnel_upgrade_required")]
    public async Task What_is_not_a_request_for_a_tunnel_is_refused_before_it_is_asked_who_it_is(string request, int status, string reason)
    {
        _bench.Handshake = new() { Upgrade = UpgradeUse.Require };
        await using var server = _bench.Create();

        var (answer, admission, _) = await AskAsync(server, request);

        Assert.Equal((status, reason, null), (answer.Status, answer.Reason, admission));
        Assert.Equal("close", answer["connection"]);
    }

    [Theory]
    [InlineData("edge-1:shop:", "tunnel_identity_invalid", "tenant is empty")]
    [InlineData(":shop:acme", "tunnel_identity_invalid", "node is empty")]
    [InlineData("edge-1::acme", "tunnel_identity_invalid", "cluster is empty")]
    [InlineData("edge@1:shop:acme", "tunnel_identity_invalid", "the node is not")]
    [InlineData("shop:shop:acme", "tunnel_identity_invalid", "the same")]
    [InlineData("edge-1:shop:acme", "tunnel_server_mismatch", "'hub'")]
    public async Task Forged_ids_and_another_servers_name_are_refused_with_400(string agent, string reason, string detail)
    {
        _bench.Handshake = new() { RequiredServer = "hub" };
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request(agent));

        Assert.Equal((400, reason), (answer.Status, answer.Reason));
        Assert.Contains(detail, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_with_a_colon_is_refused()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request().Replace("edge-1", "edge:1", StringComparison.Ordinal));

        Assert.Equal((400, "tunnel_identity_invalid"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task An_id_that_is_there_twice_is_refused()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request(Edge, "X-Envoy-Reverse-Tunnel-Tenant-Id: other"));

        Assert.Equal((400, "tunnel_identity_invalid"), (answer.Status, answer.Reason));
    }

    [Theory]
    [InlineData("x-filterproxy-tunnel-version: 2", "tunnel_version")]
    [InlineData("x-filterproxy-tunnel-version: 1", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-kind: work", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-version: 1\r\nx-filterproxy-tunnel-capabilities: http\r\nx-filterproxy-tunnel-kind: other", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-version: 1\r\nx-filterproxy-tunnel-capabilities: http\r\nx-filterproxy-tunnel-kind: streams\r\nx-filterproxy-tunnel-session: 1", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-version: 1\r\nx-filterproxy-tunnel-capabilities: http\r\nx-filterproxy-tunnel-kind: streams\r\nx-filterproxy-tunnel-labels: a", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-version: 1\r\nx-filterproxy-tunnel-capabilities: http\r\nx-filterproxy-tunnel-kind: streams\r\nx-filterproxy-tunnel-service: a;port=1", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-version: 1\r\nx-filterproxy-tunnel-capabilities: http\r\nx-filterproxy-tunnel-kind: streams\r\nx-filterproxy-tunnel-service: a;type=tcp;port=70000", "tunnel_malformed")]
    [InlineData("x-filterproxy-tunnel-version: 1\r\nx-filterproxy-tunnel-capabilities: http\r\nx-filterproxy-tunnel-kind: streams\r\nx-filterproxy-tunnel-service: a;type=tcp\r\nx-filterproxy-tunnel-service: a;type=http", "tunnel_malformed")]
    public async Task An_agent_of_another_version_or_one_that_cannot_be_understood_is_told_so(string field, string reason)
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request(Edge, field));

        Assert.Equal((400, reason, "1"), (answer.Status, answer.Reason, answer["x-filterproxy-tunnel-version"]));
    }

    [Fact]
    public async Task A_request_that_is_cut_is_answered_and_told_in_the_log()
    {
        await using var server = _bench.Create();
        var line = new HandshakeLine();
        await line.SendAsync(Request()[..60]);
        await line.Agent.Output.CompleteAsync();

        var admission = await server.AcceptAsync(line, default);
        var answer = await line.ReadAsync();

        Assert.Equal((null, 400, "tunnel_malformed"), (admission, answer.Status, answer.Reason));
        Assert.Contains(_bench.Context.LogLines, text => text.Contains("it left after 60 bytes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_is_too_long_is_refused_with_431()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request(Edge, "x: " + new string('a', 40_000)));

        Assert.Equal((431, "tunnel_too_large"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_slow_request_is_given_up_after_its_time()
    {
        await using var server = _bench.Create();
        var line = new HandshakeLine();
        await line.SendAsync(Request()[..60]);
        var accepting = server.AcceptAsync(line, default).AsTask();
        _bench.Clock.Advance(TimeSpan.FromSeconds(9.9));
        await line.SendAsync("x");
        Assert.False(accepting.IsCompleted);
        _bench.Clock.Advance(TimeSpan.FromSeconds(0.2));

        var answer = await line.ReadAsync();

        Assert.Equal((408, "tunnel_timeout", null), (answer.Status, answer.Reason, await accepting));
    }

    [Fact]
    public async Task A_refusal_is_told_in_the_log_with_the_identity_and_without_what_could_break_its_line()
    {
        await using var server = _bench.Create();

        await AskAsync(server, Request("edge-1:shop:other"));
        await AskAsync(server, Request("edge\t1:shop:acme"));

        Assert.Equal(
            ["Warning: Agent edge-1:shop:other at 192.0.2.7:40000 is refused with 403 tunnel_denied: no rule lets it have a tunnel.", "edge?1:shop:acme"],
            [_bench.Context.LogLines[0], _bench.Context.LogLines[1].Split(' ')[2]]);
    }

    [Fact]
    public async Task A_flood_of_refusals_does_not_fill_the_log_and_is_counted()
    {
        await using var server = _bench.Create();
        for (var i = 0; i < 50; i++)
        {
            await AskAsync(server, Request("edge-1:shop:other"));
        }

        Assert.Equal((20, 50), (_bench.Context.LogLines.Count, _bench.Context.Sum("filterproxy.reverse_tunnel.handshakes")));
    }

    [Fact]
    public async Task What_a_flood_has_kept_out_of_the_log_is_told_with_the_next_line()
    {
        await using var server = _bench.Create();
        for (var i = 0; i < 50; i++)
        {
            await AskAsync(server, i % 2 == 0 ? "GET / HTTP/1.1\r\n\r\n" : Request($"edge-{i}:shop:other"));
        }

        _bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await AskAsync(server, Request("edge-1:shop:other"));

        Assert.Equal(
            (21, "Warning: Agent edge-1:shop:other at 192.0.2.7:40000 is refused with 403 tunnel_denied: no rule lets it have a tunnel. 30 more before were not logged."),
            (_bench.Context.LogLines.Count, _bench.Context.LogLines[^1]));
    }

    [Fact]
    public async Task What_an_agent_sends_behind_its_request_is_the_tunnels()
    {
        await using var server = _bench.Create();

        var (_, _, line) = await AskAsync(server, Request() + "PRI * HTTP/2.0");

        var read = await line.Transport.Input.ReadAsync();
        Assert.Equal("PRI * HTTP/2.0", System.Text.Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer)));
    }

    [Fact]
    public async Task A_peer_that_does_not_read_its_refusal_holds_nobody_up()
    {
        await using var server = _bench.Create();
        var line = new HandshakeLine();
        await line.SendAsync("nonsense\r\n\r\n");

        Assert.Null(await server.AcceptAsync(line, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
    }
}
