using System.Net.Sockets;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Floods;

/// <summary>A proxy in a process of its own, configured as one that must stand floods, with well-behaved clients that go on all the time.</summary>
public sealed class FloodedProxy : IAsyncLifetime
{
    private readonly QuietUpstream _origin = new("\r\n\r\n"u8.ToArray());
    private readonly TestUpstream _attacked;
    private ConfigFile? _file;
    private ProxyProcess? _proxy;

    public FloodedProxy()
    {
        var large = new byte[16 << 20];
        _attacked = TestUpstream.Start(request => request.Target == "/large"
            ? UpstreamResponse.Raw($"HTTP/1.1 200 OK\r\nContent-Length: {large.Length}\r\n\r\n").ThenSend(large)
            : UpstreamResponse.Ok());
    }

    public int Port { get; } = ServerProcess.FreePort();

    internal ProxyProcess Proxy => _proxy!;

    internal GoodClients Good { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _file = new ConfigFile($$"""
            plugins: [ConnectionGuard, RateLimit]
            listeners:
              web:
                address: "127.0.0.1:{{Port}}"
                protocols: [http1, http2]
                filters:
                  - connection_limit: { per_client: 20 }
                  - connection_rate: { rate: 5, burst: 10 }
            http:
              limits: { header_timeout: 1s, body_timeout: 1s, write_timeout: 1s, rate_grace: 1s }
              filters:
                - rate_limit: { limits: [ { rate: 200, burst: 400 } ] }
            overload: { max_exchanges: 500 }
            routes:
              - { name: good, match: { path: /good }, cluster: origin }
              - { name: large, match: { path: /large }, priority: low, cluster: attacked }
              - { name: others, priority: low, respond: { status: 200, body: hello } }
            clusters:
              origin: { endpoints: ["127.0.0.1:{{_origin.Port}}"] }
              attacked: { endpoints: ["127.0.0.1:{{_attacked.Port}}"] }
            """);
        _proxy = ProxyProcess.Start("run", "-c", _file.Path);
        await _proxy.ReadyAsync();
        Good = new GoodClients(Port, clients: 8);

        // What is compiled and connected first is no part of what floods are compared with.
        await WarmHttp2Async();
        await Poll.UntilAsync(() => Good.Served > 500, TimeSpan.FromSeconds(30));
    }

    private async Task WarmHttp2Async()
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", Port);
        await using var client = await H2Client.StartAsync(tcp.GetStream());
        for (var i = 0; i < 150; i++)
        {
            await client.RoundTripAsync();
        }
    }

    public async Task DisposeAsync()
    {
        Good?.Dispose();
        await (_proxy?.DisposeAsync() ?? default);
        _file?.Dispose();
        _origin.Dispose();
        await _attacked.DisposeAsync();
    }
}
