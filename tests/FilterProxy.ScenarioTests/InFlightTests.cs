using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests;

/// <summary>What one side sends and the other does not take: the proxy holds a bounded piece of it and then stops reading.</summary>
[Collection(nameof(Alone))]
public sealed class InFlightTests(ITestOutputHelper output) : Scenario
{
    private const int Connections = 32;

    /// <summary>connection_buffer, the body buffers of both sides, TLS records and the connections themselves.</summary>
    private const long MostPerConnection = 640 * 1024;

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Tls)]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.DirectTls)]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task Responses_that_nobody_reads_stop_the_upstreams_and_take_bounded_memory(TestTransport transport)
    {
        long sent = 0;
        var piece = new byte[64 * 1024];
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").ThenRun(async stream =>
        {
            while (true)
            {
                await stream.WriteAsync(piece);
                Interlocked.Add(ref sent, piece.Length);
            }
        }));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await AssertBoundedAsync(proxy, client => client.SendAsync(Get), () => Interlocked.Read(ref sent));
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Tls)]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.DirectTls)]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task Uploads_that_no_upstream_reads_stop_the_clients_and_take_bounded_memory(TestTransport transport)
    {
        long sent = 0;
        var piece = new byte[64 * 1024];
        var never = NewGate();
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.After(never.Task)));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { request_body: off } }");
        await AssertBoundedAsync(
            proxy,
            async client =>
            {
                await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
                _ = UploadAsync(client);
            },
            () => Interlocked.Read(ref sent));
        never.SetResult();

        async Task UploadAsync(RawClient client)
        {
            try
            {
                while (true)
                {
                    await client.SendAsync(piece);
                    Interlocked.Add(ref sent, piece.Length);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }

    private async Task AssertBoundedAsync(TestProxy proxy, Func<RawClient, Task> begin, Func<long> sent)
    {
        var clients = new List<RawClient>();
        for (var i = 0; i < Connections; i++)
        {
            clients.Add(await proxy.ConnectAsync());
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var client in clients)
        {
            await begin(client);
        }

        await Poll.UntilAsync(
            async () =>
            {
                var then = sent();
                await Task.Delay(500);
                return then > 0 && then == sent();
            },
            TimeSpan.FromSeconds(30),
            "nothing moves any more");
        var taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{taken / Connections / 1024} KiB of memory and {sent() / Connections / 1024} KiB on the way per connection");
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        // Less than before where what earlier tests kept is given back meanwhile.
        Assert.InRange(taken / Connections, long.MinValue, MostPerConnection);
    }
}
