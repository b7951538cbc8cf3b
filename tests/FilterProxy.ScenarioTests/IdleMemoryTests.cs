using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests;

/// <summary>What connections keep that wait for their next request.</summary>
[Collection(nameof(Alone))]
public sealed class IdleMemoryTests(ITestOutputHelper output)
{
    private const int Connections = 400;
    private static readonly byte[] Get = "GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: quiet\r\n\r\n"u8.ToArray();

    /// <summary>About 4 KiB of both are the client's end.</summary>
    private const double MostKept = 11, MostTaken = 13;

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.Sockets)]
    public async Task An_idle_connection_keeps_nothing_of_its_last_exchange(TestTransport transport)
    {
        using var upstream = new QuietUpstream("\r\n\r\n"u8.ToArray());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        var clients = new QuietClient[Connections];
        using (var first = new QuietClient(proxy.Port, Get))
        {
            first.Run(1_000);
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                clients[i] = new QuietClient(proxy.Port, Get, buffer: 1024);
                clients[i].Run(3);
            }

            var taken = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / 1024.0 / Connections;
            var kept = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1024.0 / Connections;
            output.WriteLine($"{kept:0.00} KiB are kept for a connection, of {taken:0.00} that it takes until it is idle");
            Assert.InRange(kept, 1, MostKept);
            Assert.InRange(taken, kept, MostTaken);
        }
        finally
        {
            Array.ForEach(clients, client => client?.Dispose());
        }
    }
}
