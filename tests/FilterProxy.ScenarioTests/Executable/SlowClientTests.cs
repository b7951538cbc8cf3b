using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>Many clients that are slow on purpose: the limits close them, and another client does not notice them.</summary>
[Collection(nameof(Alone))]
public sealed class SlowClientTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Baseline = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("direct")]
    [InlineData("sockets")]
    public async Task A_hundred_slow_heads_are_closed_and_do_not_slow_others(string io)
    {
        await using var attacked = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        await RunAsync(port, io, attacked.Port, async flood =>
        {
            var clients = new List<RawClient>();
            for (var i = 0; i < 100; i++)
            {
                clients.Add(await RawClient.ConnectAsync(port));
            }

            await flood.IsInAsync(90);
            var sending = clients.Select(c => SendSlowHeadAsync(c)).ToArray();
            await flood.IsOverAsync(10);
            await Task.WhenAll(sending);
            Assert.All(clients, c => Assert.StartsWith("HTTP/1.1 408 ", System.Text.Encoding.Latin1.GetString(c.Received), StringComparison.Ordinal));
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        });
        Assert.Empty(attacked.Requests);
    }

    // Slow readers come a few at a time: the first megabytes of a response fit into the sockets' buffers, and a thousand downloads of
    // those at once are a load that others may notice.
    [SlowHttpTestTheory]
    [Trait("suite", "long")]
    [InlineData("slow headers", "direct", "-r 1000 -H -i 1 -x 24")]
    [InlineData("slow headers", "sockets", "-r 1000 -H -i 1 -x 24")]
    [InlineData("slow body", "direct", "-r 1000 -B -i 1 -x 24 -s 100000 -t POST")]
    [InlineData("slow body", "sockets", "-r 1000 -B -i 1 -x 24 -s 100000 -t POST")]
    [InlineData("slow read", "direct", "-r 200 -X -n 1 -z 16 -w 16 -y 32 -k 1")]
    [InlineData("slow read", "sockets", "-r 200 -X -n 1 -z 16 -w 16 -y 32 -k 1")]
    public async Task A_thousand_connections_of_slowhttptest_are_closed_and_do_not_slow_others(string attack, string io, string arguments)
    {
        var large = new byte[16 << 20];
        await using var attacked = TestUpstream.Start(_ => UpstreamResponse
            .Raw($"HTTP/1.1 200 OK\r\nContent-Length: {large.Length}\r\n\r\n").ThenSend(large));
        var port = ServerProcess.FreePort();
        output.WriteLine(attack);
        await RunAsync(port, io, attacked.Port, async flood =>
        {
            using var program = new SlowHttpTest($"http://127.0.0.1:{port}/", arguments);
            await flood.IsInAsync(900);
            await flood.IsOverAsync(50);
        });
    }

    [SlowHttpTestTheory]
    [Trait("suite", "long")]
    [InlineData("direct")]
    [InlineData("sockets")]
    public async Task A_thousand_requests_for_overlapping_ranges_do_not_slow_others(string io)
    {
        await using var attacked = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        await RunAsync(port, io, attacked.Port, async flood =>
        {
            using var program = new SlowHttpTest($"http://127.0.0.1:{port}/", "-r 1000 -R -a 10 -b 3000");
            await Poll.UntilAsync(() => program.HasEnded, TimeSpan.FromSeconds(70));
            await flood.IsOverAsync(50);
        });
    }

    /// <summary>Measures a client's latency before and during a flood.</summary>
    private async Task RunAsync(int port, string io, int attackedPort, Func<Flood, Task> attack)
    {
        using var quiet = new QuietUpstream("\r\n\r\n"u8.ToArray());
        using var file = new ConfigFile($$"""
            listeners: { web: { address: "127.0.0.1:{{port}}", io: {{io}} } }
            http: { limits: { header_timeout: 3s, write_timeout: 8s, rate_grace: 3s } }
            routes:
              - { name: probe, match: { path: /probe }, cluster: quiet }
              - { name: all, cluster: attacked }
            clusters:
              quiet: { endpoints: ["127.0.0.1:{{quiet.Port}}"] }
              attacked: { endpoints: ["127.0.0.1:{{attackedPort}}"] }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        using var probe = new LatencyProbe(port);
        probe.Take();
        await Task.Delay(Baseline);
        var before = probe.Take();

        await attack(new Flood(proxy.Id));

        var during = probe.Take();
        output.WriteLine($"io: {io}: p99 before {before.P99:0.0} ms of {before.Count}, during {during.P99:0.0} ms of {during.Count}");
        Assert.True(during.Count > 50, $"only {during.Count} answers during the flood");
        Assert.InRange(during.P99, 0, Math.Max(3 * before.P99, before.P99 + 20));
        Assert.DoesNotContain(proxy.Error.Split('\n'), line => line.Contains("fail:", StringComparison.Ordinal));
    }

    private static async Task SendSlowHeadAsync(RawClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nX: ");
        var answer = client.ReadResponseAsync();
        try
        {
            while (!answer.IsCompleted)
            {
                await client.SendAsync("x");
                await Task.WhenAny(answer, Task.Delay(200));
            }
        }
        catch (IOException)
        {
            // Closed; the answer may have come first.
        }

        await answer;
    }

    /// <summary>The connections of a flood, seen by the descriptors of the proxy.</summary>
    private sealed class Flood(int process)
    {
        private readonly int _before = Count(process);

        public Task IsInAsync(int connections) =>
            Poll.UntilAsync(() => Count(process) - _before >= connections, TimeSpan.FromSeconds(20), $"{connections} connections are open");

        public Task IsOverAsync(int left) =>
            Poll.UntilAsync(() => Count(process) - _before <= left, TimeSpan.FromSeconds(40), $"all but {left} connections are closed");

        private static int Count(int process) => Directory.GetFiles($"/proc/{process}/fd").Length;
    }
}
