using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Clients that go while their streams are open: every exchange ends all the same, once.</summary>
public sealed class LeavingTests : Http2Scenario
{
    private const int Streams = 20;
    private static readonly (string, string)[] Post = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    private readonly ExchangeLog _log = new();

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Every_exchange_of_a_client_that_is_gone_in_the_middle_of_its_bodies_is_logged(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        for (var round = 1; round <= 10; round++)
        {
            await using (var client = await proxy.ConnectH2Async())
            {
                for (var i = 0; i < Streams; i++)
                {
                    var stream = await client.OpenAsync(end: false, Post);
                    await client.SendDataAsync(stream, "abc"u8.ToArray(), end: false);
                }

                await upstream.WaitForRequestsAsync(round * Streams);
            }

            for (var i = 0; i < Streams; i++)
            {
                Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
            }
        }

        await Poll.UntilAsync(() => proxy.OpenConnections == 0 && proxy.Engine.Snapshot!.Clusters["origin"].Endpoints[0].InFlight == 0);
        Assert.DoesNotContain(proxy.LogLines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Every_stream_that_is_reset_in_the_middle_of_its_body_is_logged(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectH2Async();
        for (var round = 1; round <= 10; round++)
        {
            var streams = new List<int>();
            for (var i = 0; i < Streams; i++)
            {
                streams.Add(await client.OpenAsync(end: false, Post));
                await client.SendDataAsync(streams[i], "abc"u8.ToArray(), end: false);
            }

            await upstream.WaitForRequestsAsync(round * Streams);
            await client.SendAsync([.. streams.Select(stream => H2Frame.Number(H2FrameType.RstStream, stream, 8))]);
            for (var i = 0; i < Streams; i++)
            {
                Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
            }
        }

        Assert.False(client.Closed.IsCompleted);
        Assert.DoesNotContain(proxy.LogLines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }
}
