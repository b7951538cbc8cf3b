using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A proxy with an admin listener, as a process of its own, before an upstream that answers as the test says.</summary>
public abstract class AdminScenario : IAsyncLifetime
{
    private protected const string Token = "a-token-of-the-test-0123";
    private readonly int _adminPort = ServerProcess.FreePort();

    private protected int Port { get; } = ServerProcess.FreePort();

    private protected string Admin => $"127.0.0.1:{_adminPort}";

    private protected TestUpstream Upstream { get; private set; } = null!;

    /// <summary>The upstream's name in its cluster, <c>origin</c>.</summary>
    private protected string Endpoint => $"127.0.0.1:{Upstream.Port}";

    private protected ConfigFile Config { get; private set; } = null!;

    private protected ProxyProcess Proxy { get; private set; } = null!;

    private protected Func<UpstreamRequest, UpstreamResponse> Answer { get; set; } = _ => UpstreamResponse.Ok("ok");

    public async Task InitializeAsync()
    {
        Upstream = TestUpstream.Start(request => Answer(request));
        Config = ConfigFile.Forwarding(
            Port, Upstream.Port, $"plugins: [HelloFilter]\nhttp: {{ filters: [hello] }}\nadmin: {{ address: \"{Admin}\", token: \"${{file:token}}\" }}");
        await File.WriteAllTextAsync(Path.Combine(Config.Folder, "token"), Token);
        Proxy = ProxyProcess.Start("run", "-c", Config.Path);
        await Proxy.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Upstream.DisposeAsync();
        Config.Dispose();
    }

    private protected async Task SendAsync(string request)
    {
        await using var client = await RawClient.ConnectAsync(Port);
        await client.RoundTripAsync(request);
    }

    private protected async Task SendAllTheTimeAsync(CancellationToken stop)
    {
        await using var client = await RawClient.ConnectAsync(Port);
        while (!stop.IsCancellationRequested)
        {
            await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }
}
