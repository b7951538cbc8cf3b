using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Connections to the upstream as a whole proxy uses them.</summary>
public sealed class PoolTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly ExchangeLog _log = new();

    [Theory]
    [EachProtocol]
    public async Task One_connection_serves_one_client_after_the_other(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(Get)).Status);

            // The response reaches the client a moment before its connection is back in the pool.
            await _log.NextAsync();
        }

        Assert.Single(upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task With_all_connections_in_use_a_request_waits_for_the_next_one_that_comes_back(TestTransport transport)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(
            r => r.Target == "/held" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("held")) : UpstreamResponse.Ok("next"));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "pool: { max: 1 }", transport: transport);
        var held = proxy.SendAsync("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);
        var next = proxy.SendAsync(Get);
        Assert.Single(upstream.Requests);
        gate.SetResult();

        Assert.Equal("held", (await held).Text);
        Assert.Equal("next", (await next).Text);
        Assert.Single(upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task A_request_that_waits_too_long_for_a_connection_gets_503(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "pool: { max: 1 }, connect_timeout: 300ms", transport: transport);
        await using var first = await proxy.ConnectAsync();
        await first.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(new LoggedExchange(503, "pool_exhausted", 1), await _log.NextAsync());
    }

    [Fact]
    public async Task Connections_are_opened_ahead_of_need()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "pool: { min: 3 }");

        await Poll.UntilAsync(() => upstream.Connections.Count == 3);
        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(3, upstream.Connections.Count);
    }

    [Fact]
    public async Task An_idle_timeout_of_off_keeps_idle_connections()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "pool: { idle_timeout: off }");
        await proxy.SendAsync(Get);
        var started = proxy.Engine.Services.Heartbeat.Now;
        await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now > started + 500);

        await proxy.SendAsync(Get);
        Assert.Single(upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task An_upstream_behind_a_unix_socket_is_reached(TestTransport transport)
    {
        var path = Path.Combine(Path.GetTempPath(), $"fp-{Guid.NewGuid():n}.sock");
        await using var upstream = TestUpstream.StartUnix(path, _ => UpstreamResponse.Ok("unix"));
        await using var proxy = await _log.StartAsync($"\"unix:{path}\"", transport: transport);

        Assert.Equal("unix", (await proxy.SendAsync(Get)).Text);
    }

    [Theory]
    [EachProtocol]
    public async Task An_upstream_given_by_name_is_reached_even_where_only_its_second_address_listens(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("named"));
        await using var proxy = await _log.StartAsync($"\"localhost:{upstream.Port}\"", transport: transport);

        Assert.Equal("named", (await proxy.SendAsync(Get)).Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_thousand_clients_at_once_are_all_answered(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        var clients = new List<RawClient>();
        for (var i = 0; i < 1_000; i++)
        {
            clients.Add(await proxy.ConnectAsync());
        }

        await Poll.UntilAsync(() => proxy.OpenConnections == 1_000);
        var answers = await Task.WhenAll(clients.Select((c, i) =>
        {
            c.Deadline = TimeSpan.FromSeconds(60);
            return c.RoundTripAsync($"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n");
        }));

        Assert.All(answers.Index(), a => Assert.Equal((200, $"/{a.Index}"), (a.Item.Status, a.Item.Text)));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await Poll.UntilAsync(() => proxy.OpenConnections == 0);
    }
}
