using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>A server and an agent as processes that are killed: what is behind the agent is reachable again soon after the process is.</summary>
public sealed class TunnelRecoveryTests(ITestOutputHelper output) : IAsyncLifetime
{
    // The promise is two seconds; the rest is for machines that stand still.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);
    private readonly int _web = ServerProcess.FreePort(), _tunnels = ServerProcess.FreePort(), _stream = ServerProcess.FreePort();
    private readonly TestUpstream _origin = TestUpstream.Start();
    private readonly TcpListener _echo = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private Task _echoing = Task.CompletedTask;
    private ConfigFile? _serverConfig, _agentConfig;
    private ProxyProcess? _server, _agent;

    public async Task InitializeAsync()
    {
        _echo.Start();
        _echoing = EchoAsync();
        _serverConfig = new ConfigFile($$"""
            plugins: [ReverseTunnel]
            listeners:
              web: { address: "127.0.0.1:{{_web}}" }
              tunnels:
                address: "127.0.0.1:{{_tunnels}}"
                protocols: []
                filters:
                  - reverse_tunnel:
                      credentials: { anonymous: true }
                      services: { port_address: 127.0.0.1 }
                      access: { rules: [ { agents: ["*:*:acme"], protocols: [http, tcp], ports: [{{_stream}}] } ] }
            routes: [ { name: all, cluster: apps } ]
            clusters: { apps: { endpoints: { reverse_tunnel: { tenant: acme, cluster: apps } }, connector: reverse_tunnel } }
            """);
        _agentConfig = new ConfigFile($$"""
            plugins: [ReverseTunnel]
            listeners:
              tunnel:
                source:
                  reverse_tunnel: { address: "rc://n1:apps:acme@server:2", services: [ { name: echo, type: tcp, port: {{_stream}}, cluster: echo } ] }
            routes: [ { name: all, cluster: origin } ]
            clusters:
              server: { endpoints: ["127.0.0.1:{{_tunnels}}"] }
              origin: { endpoints: ["127.0.0.1:{{_origin.Port}}"] }
              echo: { endpoints: ["127.0.0.1:{{((IPEndPoint)_echo.LocalEndpoint).Port}}"] }
            """);
        (_server, _agent) = (StartServer(), StartAgent());
        await Task.WhenAll(_server.ReadyAsync(), _agent.ReadyAsync());
        await Poll.UntilAsync(IsReachableAsync, Patience);
    }

    public async Task DisposeAsync()
    {
        await _agent!.DisposeAsync();
        await _server!.DisposeAsync();
        await _origin.DisposeAsync();
        await _over.CancelAsync();
        await _echoing;
        _echo.Dispose();
        _over.Dispose();
        _agentConfig!.Dispose();
        _serverConfig!.Dispose();
    }

    [Fact, Trait("suite", "long")]
    public async Task An_agent_that_was_killed_serves_again_as_soon_as_it_is_there()
    {
        // Disposing kills.
        await _agent!.DisposeAsync();
        await Poll.UntilAsync(async () => !await IsReachableAsync(), Patience);
        _agent = StartAgent();
        await _agent.ReadyAsync();

        await IsBackAsync("agent");
    }

    [Fact, Trait("suite", "long")]
    public async Task A_server_that_was_killed_has_its_agents_again_as_soon_as_it_is_there()
    {
        await _server!.DisposeAsync();
        _server = StartServer();
        await _server.ReadyAsync();

        await IsBackAsync("server");
    }

    private ProxyProcess StartServer() => ProxyProcess.Start("run", "-c", _serverConfig!.Path);

    private ProxyProcess StartAgent() => ProxyProcess.Start("agent", "-c", _agentConfig!.Path);

    private async Task IsBackAsync(string who)
    {
        var since = Stopwatch.GetTimestamp();
        await Poll.UntilAsync(IsReachableAsync, Patience);
        output.WriteLine($"Requests and streams pass {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms after the {who} is ready again.");
    }

    private async Task<bool> IsReachableAsync()
    {
        try
        {
            await using var client = await RawClient.ConnectAsync(_web);
            if ((await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status != 200)
            {
                return false;
            }

            using var stream = new TcpClient();
            await stream.ConnectAsync(IPAddress.Loopback, _stream);
            await stream.GetStream().WriteAsync("x"u8.ToArray());
            return await stream.GetStream().ReadAsync(new byte[1]) == 1;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return false;
        }
    }

    private async Task EchoAsync()
    {
        while (true)
        {
            try
            {
                using var client = await _echo.AcceptTcpClientAsync(_over.Token);
                var byteRead = new byte[1];
                if (await client.GetStream().ReadAsync(byteRead, _over.Token) == 1)
                {
                    await client.GetStream().WriteAsync(byteRead, _over.Token);
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // One that was reset by a process that was killed.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
