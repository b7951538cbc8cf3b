using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Clients that send or take a body too slowly, though never standing still.</summary>
public sealed class RateTests : Scenario
{
    private readonly ExchangeLog _log = new();

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_that_comes_slower_than_allowed_gets_408_though_it_never_stands_still(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body_rate: 10KiB, rate_grace: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
        var answer = client.ReadResponseAsync();

        await TrickleAsync(client, answer);

        var response = await answer;
        Assert.Equal(408, response.Status);
        Assert.Equal("request_too_slow", (await _log.NextAsync()).Reason);
        await Counted.LimitAsync(proxy, "request_body_rate");
        await upstream.Connections[0].Closed;
        await AssertGivenUpAsync(client, response);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_that_comes_slowly_but_fast_enough_passes(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Body.Length}"));
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body_rate: 1B, rate_grace: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n");
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync("x");
            await Task.Delay(40);
        }

        Assert.Equal("20", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_is_not_slow_but_held_up_by_the_upstream_is_not_cut(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.StartAtHead(async r =>
        {
            await gate.Task;
            await r.ReadBodyAsync();
            return UpstreamResponse.Ok();
        });
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body_rate: 20MB, rate_grace: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        const int Size = 30_000_000;
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Size}\r\n\r\n");
        var sending = Task.Run(async () =>
        {
            var piece = new byte[100_000];
            for (var sent = 0; sent < Size; sent += piece.Length)
            {
                await client.SendAsync(piece);
            }
        });

        Assert.NotSame(sending, await Task.WhenAny(sending, Task.Delay(1500)));
        gate.SetResult();
        await sending;

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Counted.Nothing(proxy);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_waits_for_100_is_not_slow(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.StartAtHead(async r =>
        {
            await gate.Task;
            return UpstreamResponse.Raw("HTTP/1.1 100 Continue\r\n\r\n").ThenRun(async stream =>
            {
                await r.ReadBodyAsync();
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            });
        });
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body_rate: 1MB, rate_grace: 200ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        var interim = client.ReadResponseAsync();

        Assert.NotSame(interim, await Task.WhenAny(interim, Task.Delay(800)));
        gate.SetResult();
        Assert.Equal(100, (await interim).Status);
        await client.SendAsync("abc");

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_takes_a_response_slower_than_allowed_is_cut_and_the_upstream_told(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse
            .Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            .ThenRun(async stream =>
            {
                var piece = new byte[64 * 1024];
                while (true)
                {
                    await stream.WriteAsync(piece);
                }
            }));
        await using var proxy = await _log.StartAsync(upstream.Port, "response_body_rate: 100MB, rate_grace: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        var logged = _log.NextAsync();

        while (!logged.IsCompleted)
        {
            try
            {
                await client.ReadExactlyAsync(10_000);
                await Task.WhenAny(logged, Task.Delay(20));
            }
            catch (RawFormatException)
            {
                break;
            }
        }

        Assert.Equal("client_too_slow", (await logged).Reason);
        await Poll.UntilAsync(() => proxy.OpenConnections == (TestTransports.IsHttp2(transport) ? 1 : 0));
        Assert.DoesNotContain(proxy.LogLines, line => line.StartsWith("Error", StringComparison.Ordinal));
        await upstream.Connections[0].Closed;
        await Counted.LimitAsync(proxy, "response_body_rate");
    }

    private static async Task TrickleAsync(RawClient client, Task until)
    {
        try
        {
            while (!until.IsCompleted)
            {
                await client.SendAsync("x");
                await Task.WhenAny(until, Task.Delay(50));
            }
        }
        catch (IOException)
        {
            // Closed: the answer says why.
        }
    }
}
