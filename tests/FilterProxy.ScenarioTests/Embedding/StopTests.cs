using FilterProxy.Hosting;
using FilterProxy.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>The proxy stops before the rest of its host, which may be behind it.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task What_is_in_flight_finishes_while_the_hosts_other_services_still_run()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var other = new OtherService();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var proxy = await StartAsync(upstream.Port, other);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);

        var stopping = proxy.StopAsync();
        await Poll.UntilAsync(() => proxy.Log.Lines.Any(line => line.Contains("Stopping: 1 connection", StringComparison.Ordinal)));
        Assert.False(other.HasStopped);
        gate.SetResult();

        var response = await client.ReadResponseAsync();
        Assert.Equal(("late", "close"), (response.Text, response.Headers["connection"]));
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(other.HasStopped);
    }

    [Fact]
    public async Task The_limit_of_the_host_cuts_what_is_in_flight_before_the_proxys_own_does()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await StartAsync(upstream.Port, new OtherService());
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);

        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Record.ExceptionAsync(() => proxy.StopAsync(limit.Token)).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.True(await client.IsClosedByPeerAsync());
    }

    private static Task<EmbeddedProxy> StartAsync(int upstream, OtherService other) => EmbeddedProxy.StartAsync(builder =>
    {
        builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("all", route => route.ToCluster("app"))
            .AddCluster("app", $"127.0.0.1:{upstream}");
        builder.Services.AddHostedService(_ => other);
    });

    private sealed class OtherService : IHostedService
    {
        public bool HasStopped { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            HasStopped = true;
            return Task.CompletedTask;
        }
    }
}
