using System.Net.Sockets;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>
/// An agent and its services in a network of their own, which has nothing but its loopback: no packet leads in or out. The agent's way to the server is a
/// unix socket, which is a file and not of the network.
/// </summary>
public sealed class TunnelNetworkTests : IAsyncLifetime
{
    private const string Get = "GET /inside HTTP/1.1\r\nHost: a\r\n\r\n";

    // Inside it is free, whatever listens out here.
    private const int Inside = 8000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly int _web = ServerProcess.FreePort(), _stream = ServerProcess.FreePort();
    private readonly ConfigFile _server = new(""), _agent = new(""), _app = new("");
    private readonly List<ProxyProcess> _running = [];

    public async Task InitializeAsync()
    {
        var socket = $"unix:{_server.Folder}/tunnels";
        await _server.ReplaceAsync($$"""
            plugins: [ReverseTunnel]
            listeners:
              web: { address: "127.0.0.1:{{_web}}" }
              tunnels:
                address: "{{socket}}"
                protocols: []
                filters:
                  - reverse_tunnel:
                      credentials: { anonymous: true }
                      services: { port_address: 127.0.0.1 }
                      access: { rules: [ { agents: ["*:*:acme"], protocols: [http, tcp], ports: [{{_stream}}] } ] }
            routes: [ { name: all, cluster: apps } ]
            clusters: { apps: { endpoints: { reverse_tunnel: { tenant: acme, cluster: apps } }, connector: reverse_tunnel } }
            """);
        await _agent.ReplaceAsync($$"""
            plugins: [ReverseTunnel]
            listeners:
              tunnel:
                source:
                  reverse_tunnel: { address: "rc://n1:apps:acme@server:2", services: [ { name: app, type: tcp, port: {{_stream}}, cluster: app } ] }
            routes: [ { name: all, cluster: app } ]
            clusters:
              server: { endpoints: ["{{socket}}"] }
              app: { endpoints: ["127.0.0.1:{{Inside}}"] }
            """);
        await _app.ReplaceAsync($$"""
            listeners: { web: { address: "127.0.0.1:{{Inside}}" } }
            routes: [ { name: all, respond: { status: 200, body: "from inside" } } ]
            """);
    }

    public async Task DisposeAsync()
    {
        foreach (var process in _running)
        {
            await process.DisposeAsync();
        }

        _app.Dispose();
        _agent.Dispose();
        _server.Dispose();
    }

    [OwnNetworkFact]
    public async Task Services_of_a_network_without_a_way_in_are_reached()
    {
        await RunAsync(Repository.ProxyExecutable, "run", "-c", _server.Path);
        var agent = await RunAsync("unshare", "-rn", "sh", "-c", "ip link set lo up && exec \"$0\" agent -c \"$1\"", Repository.ProxyExecutable, _agent.Path);
        await RunAsync("nsenter", "-t", $"{agent.Id}", "-U", "-n", "--preserve-credentials", Repository.ProxyExecutable, "run", "-c", _app.Path);

        await Poll.UntilAsync(async () => await AnswerAsync(_web) == "from inside", Patience);
        await Poll.UntilAsync(async () => await AnswerAsync(_stream) == "from inside", Patience);
        Assert.NotEqual("from inside", await AnswerAsync(Inside));
    }

    private async Task<ProxyProcess> RunAsync(string program, params string[] arguments)
    {
        var process = ProxyProcess.Start(arguments, null, program);
        _running.Add(process);
        await process.ReadyAsync();
        return process;
    }

    /// <summary>What is answered at a port out here; null where nobody answers.</summary>
    private static async Task<string?> AnswerAsync(int port)
    {
        try
        {
            await using var client = await RawClient.ConnectAsync(port);
            return (await client.RoundTripAsync(Get)).Text;
        }
        catch (Exception e) when (e is IOException or SocketException or RawFormatException)
        {
            return null;
        }
    }
}
