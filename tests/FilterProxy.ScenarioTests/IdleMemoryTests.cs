using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Connections that were idle for long enough to give their buffers back.</summary>
public sealed class IdleMemoryTests
{
    private const int Connections = 40;

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.DirectTls)]
    public async Task A_connection_serves_on_after_it_gave_its_buffers_back(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        var clients = new List<RawClient>();
        for (var i = 0; i < Connections; i++)
        {
            clients.Add(await proxy.ConnectAsync());
        }

        // Each connection's pause is another one, so that some requests come in the very moment.
        await Task.WhenAll(clients.Select((client, number) => Task.Run(async () =>
        {
            for (var i = 0; i < 3; i++)
            {
                var target = $"/{number}/{i}?{new string('q', 3_000)}";
                var response = await client.RoundTripAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
                Assert.Equal(target, response.Text);
                var until = proxy.Engine.Services.Heartbeat.Now + 1_000 + (number * 10);
                await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now >= until);
            }
        })));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
