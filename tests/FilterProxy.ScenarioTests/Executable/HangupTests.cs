using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>SIGHUP asks for a reload; it is never the end.</summary>
public sealed class HangupTests
{
    [Fact]
    public async Task It_serves_on_after_sighup()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        using var manager = new NotifyReceiver(file.Folder);
        await using var proxy = ProxyProcess.Start(["run", "-c", file.Path], manager.Environment);
        await manager.NextAsync("READY=1");
        await using var client = await RawClient.ConnectAsync(port);

        proxy.Signal(ProxyProcess.SigHup);

        await manager.NextAsync("READY=1");
        Assert.Equal("ok", (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Fact]
    public async Task Sighup_while_it_drains_changes_nothing()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);
        proxy.Signal(ProxyProcess.SigTerm);
        await Poll.UntilAsync(() => proxy.Error.Contains("Stopping: 1 connection", StringComparison.Ordinal));

        proxy.Signal(ProxyProcess.SigHup);
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
        Assert.Equal(0, await proxy.ExitAsync());
    }
}
