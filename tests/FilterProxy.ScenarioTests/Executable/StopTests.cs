using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class StopTests
{
    // Far below the grace of 30 s: what takes longer has waited for it.
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Sigterm_ends_an_idle_proxy_promptly_though_a_client_stays_connected()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        proxy.Signal(ProxyProcess.SigTerm);

        Assert.Equal(0, await proxy.ExitAsync(Promptly));
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task Sigterm_lets_a_request_in_flight_finish()
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
        gate.SetResult();

        var response = await client.ReadResponseAsync();
        Assert.Equal(("late", "close"), (response.Text, response.Headers["connection"]));
        Assert.Equal(0, await proxy.ExitAsync(Promptly));
    }

    [Fact]
    public async Task A_second_sigterm_cuts_what_is_in_flight()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);
        proxy.Signal(ProxyProcess.SigTerm);
        await Poll.UntilAsync(() => proxy.Error.Contains("Stopping: 1 connection", StringComparison.Ordinal));

        proxy.Signal(ProxyProcess.SigTerm);

        Assert.Equal(4, await proxy.ExitAsync(Promptly));
    }

    [Fact]
    public async Task What_is_in_flight_is_cut_when_the_grace_is_over()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port, "runtime: { shutdown_grace: 200ms }");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);

        proxy.Signal(ProxyProcess.SigTerm);

        Assert.Equal(0, await proxy.ExitAsync(Promptly));
    }
}
