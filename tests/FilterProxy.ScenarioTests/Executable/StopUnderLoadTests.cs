using System.Net.Sockets;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>What clients see of an orderly stop while they are busy.</summary>
public sealed class StopUnderLoadTests
{
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("direct")]
    [InlineData("sockets")]
    public async Task Sigterm_under_load_answers_every_request_that_went_upstream_in_full(string io)
    {
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await Task.Delay(Random.Shared.Next(0, 4));
            return UpstreamResponse.Ok(new string('x', 20_000) + LoadLoop.Mark);
        });
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            listeners: { web: { address: "127.0.0.1:{{port}}", io: {{io}} } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        var loops = Enumerable.Range(0, 16).Select(_ => new LoadLoop(port)).ToArray();
        var running = loops.Select(loop => loop.RunAsync()).ToArray();
        await Poll.UntilAsync(() => loops.All(loop => loop.Answered > 20), TimeSpan.FromSeconds(30));

        proxy.Signal(ProxyProcess.SigTerm);
        await Task.WhenAll(running).WaitAsync(Promptly);

        Assert.Equal(0, await proxy.ExitAsync(Promptly));
        Assert.Empty(loops.SelectMany(loop => loop.Cut));
        Assert.Equal(upstream.Requests.Count, loops.Sum(loop => loop.Answered));
    }

    [Fact]
    public async Task While_it_drains_nobody_listens_on_its_port()
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

        await Poll.UntilAsync(() => IsRefusedAsync(port));
        gate.SetResult();
        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
        Assert.Equal(0, await proxy.ExitAsync(Promptly));
    }

    [Fact]
    public async Task It_ends_with_the_last_exchange_and_does_not_wait_for_the_idle_connections_beside_it()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(r =>
            r.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var silent = await RawClient.ConnectAsync(port);
        await using var idle = await RawClient.ConnectAsync(port);
        await idle.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await using var busy = await RawClient.ConnectAsync(port);
        await busy.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(2);

        proxy.Signal(ProxyProcess.SigTerm);

        Assert.True(await idle.IsClosedByPeerAsync());
        Assert.True(await silent.IsClosedByPeerAsync());
        gate.SetResult();
        Assert.Equal("late", (await busy.ReadResponseAsync()).Text);
        Assert.Equal(0, await proxy.ExitAsync(Promptly));
    }

    private static async Task<bool> IsRefusedAsync(int port)
    {
        try
        {
            await using var client = await RawClient.ConnectAsync(port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
