using System.Diagnostics;
using System.Globalization;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>More clients than the process has file descriptors for, from its first moment on.</summary>
public sealed class DescriptorTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const int Descriptors = 320;

    [Theory]
    [InlineData("direct")]
    [InlineData("sockets")]
    public async Task Out_of_descriptors_it_waits_without_spinning_serves_who_is_in_and_accepts_again_when_they_leave(string io)
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            listeners: { web: { address: "127.0.0.1:{{port}}", io: {{io}} } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }

            # It would refuse clients before there are none left.
            overload: { enabled: false }
            """);
        await using var proxy = ProxyProcess.Start(
            [$"--nofile={Descriptors}:{Descriptors}", Repository.ProxyExecutable, "run", "-c", file.Path], null, program: "prlimit");
        await proxy.ReadyAsync();
        var clients = new List<RawClient>();
        try
        {
            for (var i = 0; i < Descriptors; i++)
            {
                clients.Add(await RawClient.ConnectAsync(port));
            }

            await Poll.UntilAsync(() => proxy.Error.Contains("pauses accepting", StringComparison.Ordinal));
            var before = ProcessorTime(proxy.Id);
            var started = Stopwatch.GetTimestamp();
            await Task.Delay(1000);
            var share = (ProcessorTime(proxy.Id) - before) / Stopwatch.GetElapsedTime(started);
            Assert.InRange(share, 0, 0.25);

            Assert.Equal(200, (await clients[0].RoundTripAsync(Request)).Status);
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        await using var later = await RawClient.ConnectAsync(port);
        Assert.Equal(200, (await later.RoundTripAsync(Request)).Status);
        Assert.DoesNotContain("Unhandled", proxy.Error);
    }

    private static TimeSpan ProcessorTime(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0);
    }
}
