using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>What a service manager hears, on a real notify socket.</summary>
public sealed class SystemdTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_says_that_it_is_ready_once_it_serves(bool isAbstract)
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        using var manager = new NotifyReceiver(isAbstract ? null : file.Folder);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], manager.Environment);

        Assert.Equal("READY=1\nSTATUS=Serving: 1 listener, 1 route, 1 cluster", await manager.NextAsync(""));

        await using var client = await RawClient.ConnectAsync(port);
        Assert.Equal("ok", (await client.RoundTripAsync(Request)).Text);
    }

    [Fact]
    public async Task It_says_that_it_stops_and_how_long_that_may_take()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9, "runtime: { shutdown_grace: 90s }");
        using var manager = new NotifyReceiver(file.Folder);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], manager.Environment);
        await manager.NextAsync("READY=1");

        proxy.Signal(ProxyProcess.SigTerm);

        Assert.EndsWith("\nEXTEND_TIMEOUT_USEC=100000000", await manager.NextAsync("STOPPING=1\nSTATUS=Stopping: "), StringComparison.Ordinal);
        Assert.Equal(0, await proxy.ExitAsync());
    }

    [Fact]
    public async Task A_reload_is_announced_with_the_monotonic_time_and_ends_with_ready()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9);
        using var manager = new NotifyReceiver(file.Folder);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], manager.Environment);
        await manager.NextAsync("READY=1");
        var before = Microseconds();

        proxy.Signal(ProxyProcess.SigHup);

        var lines = (await manager.NextAsync("RELOADING=1\n")).Split('\n');
        Assert.InRange(long.Parse(lines[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture), before, Microseconds());
        await manager.NextAsync("READY=1\nSTATUS=Serving: ");
    }

    [Fact]
    public async Task The_watchdog_gets_beats_twice_as_often_as_it_asks_for()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9);
        using var manager = new NotifyReceiver(file.Folder);
        await using var proxy = ProxyProcess.Start(
            ["run", "-c", file.Path], new(manager.Environment) { ["WATCHDOG_USEC"] = "1000000", ["WATCHDOG_PID"] = "" });
        await manager.NextAsync("READY=1");
        await manager.NextAsync("WATCHDOG=1");
        var first = Stopwatch.GetTimestamp();

        for (var beat = 0; beat < 4; beat++)
        {
            await manager.NextAsync("WATCHDOG=1");
        }

        // Four half seconds; a second each would be four. Never earlier than asked.
        Assert.InRange(Stopwatch.GetElapsedTime(first).TotalSeconds, 1.5, 3.9);
    }

    [Fact]
    public async Task The_watchdog_gets_no_beat_once_an_event_loop_is_stuck()
    {
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            plugin_path: plugins
            plugins: [Stall]
            listeners: { web: { address: "127.0.0.1:{{port}}" } }
            routes:
              - respond: { status: 204 }
              - { match: { path: /stall }, respond: { status: 204 }, filters: [stall] }
            """);
        InstallStall(file.Folder);
        using var manager = new NotifyReceiver(file.Folder);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], new(manager.Environment) { ["WATCHDOG_USEC"] = "1000000" });
        await manager.NextAsync("WATCHDOG=1");
        await using var client = await RawClient.ConnectAsync(port);

        // A connection begins on a thread of the pool, where it was accepted, and is on its loop for good once a read had to wait.
        for (var i = 0; i < 100; i++)
        {
            await client.RoundTripAsync(Request);
        }

        await client.SendAsync("GET /stall HTTP/1.1\r\nHost: a\r\n\r\n");

        await Poll.UntilAsync(() => SilentBeats(proxy) > 0);
        while (manager.HasMore)
        {
            await manager.NextAsync("");
        }

        await Poll.UntilAsync(() => SilentBeats(proxy) > 3);
        Assert.False(manager.HasMore);
    }

    [Fact]
    public async Task A_watchdog_of_another_process_gets_none()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9);
        using var manager = new NotifyReceiver(file.Folder);
        await using var proxy = ProxyProcess.Start(
            ["run", "-c", file.Path], new(manager.Environment) { ["WATCHDOG_USEC"] = "100000", ["WATCHDOG_PID"] = "1" });
        await manager.NextAsync("READY=1");

        for (var reload = 0; reload < 3; reload++)
        {
            proxy.Signal(ProxyProcess.SigHup);
            await manager.NextAsync("READY=1");
        }

        Assert.DoesNotContain("WATCHDOG=1", manager.Messages);
    }

    [Fact]
    public async Task A_notify_socket_nobody_has_does_not_keep_it_from_serving()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], new() { ["NOTIFY_SOCKET"] = Path.Combine(file.Folder, "nobody") });
        await proxy.ReadyAsync();

        proxy.Signal(ProxyProcess.SigTerm);

        Assert.Equal(0, await proxy.ExitAsync());
    }

    private static int SilentBeats(ProxyProcess proxy) => Regex.Count(proxy.Error, "did not answer within");

    private static void InstallStall(string folder)
    {
        var plugin = Directory.CreateDirectory(Path.Combine(folder, "plugins", "Stall")).FullName;
        var built = AppContext.BaseDirectory.Replace("FilterProxy.ScenarioTests", "FilterProxy.StallFilter", StringComparison.Ordinal);
        foreach (var name in Directory.GetFiles(built, "FilterProxy.Filters.Stall.*"))
        {
            File.Copy(name, Path.Combine(plugin, Path.GetFileName(name)));
        }
    }

    private static long Microseconds() => (long)Stopwatch.GetElapsedTime(0).TotalMicroseconds;
}
