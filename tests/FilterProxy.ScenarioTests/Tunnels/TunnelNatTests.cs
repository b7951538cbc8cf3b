using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>A visitor and an agent of an <c>xtcp</c> service, each behind a router with NAT.</summary>
public sealed class TunnelNatTests : IAsyncLifetime
{
    private const string Key = "a key of at least thirty-two bytes", Directly = "apps/vault go directly", Relayed = "apps/vault go through the server";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConfigFile _folder = new("");
    private readonly Socket _service = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    private string ServicePath => Path.Combine(_folder.Folder, "service");

    private string VisitPath => Path.Combine(_folder.Folder, "visit");

    public async Task InitializeAsync()
    {
        _service.Bind(new UnixDomainSocketEndPoint(ServicePath));
        _service.Listen(16);
        _serving = ServeAsync();
        await WriteAsync("server", $$"""
            plugins: [ReverseTunnel]
            listeners:
              tunnels:
                address: "198.51.100.1:7000"
                protocols: []
                filters:
                  - reverse_tunnel:
                      credentials: { anonymous: true }
                      access: { rules: [ { agents: ["*:apps:acme"], protocols: [tcp] }, { agents: ["*:people:acme"], visits: ["apps/vault"] } ] }
            udp_listeners: { stun: { address: "198.51.100.1:3478", service: stun } }
            """);
        await WriteAsync("agent", $$"""
            plugins: [ReverseTunnel]
            listeners:
              tunnel:
                source:
                  reverse_tunnel:
                    address: "rc://n1:apps:acme@server:1"
                    services: [ { name: vault, type: xtcp, key: "{{Key}}", cluster: vault } ]
                    direct: { stun: ["198.51.100.1:3478"] }
            clusters: { server: { endpoints: ["198.51.100.1:7000"] }, vault: { endpoints: ["unix:{{ServicePath}}"] } }
            """);
        await WriteAsync("visitor", $$"""
            plugins: [ReverseTunnel]
            listeners:
              vault:
                address: "unix:{{VisitPath}}"
                protocols: []
                filters:
                  - tunnel_visit:
                      server: server
                      visitor: laptop:people:acme
                      service: apps/vault
                      type: xtcp
                      key: "{{Key}}"
                      direct: { stun: ["198.51.100.1"], retry: 1s }
            clusters: { server: { endpoints: ["198.51.100.1:7000"] } }
            """);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _service.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    [NatFact]
    public async Task Bytes_go_past_the_server_through_two_routers_and_through_it_while_they_let_none()
    {
        const int length = 4_000_000;
        await using var networks = await NatNetworks.StartAsync(_folder.Folder);
        foreach (var (hindrance, turn) in new[] { ("random", 1), ("silent", 2) })
        {
            // A slow machine may miss one attempt; after it there is another.
            await VisitUntilAsync(networks, Directly, turn);
            var before = await networks.ServerBytesAsync();
            await VisitAsync(length);
            Assert.InRange(await networks.ServerBytesAsync() - before, 1, length / 10);

            await networks.SetNatAsync(hindrance);
            await VisitUntilAsync(networks, Relayed, turn);
            before = await networks.ServerBytesAsync();
            await VisitAsync(length);
            Assert.InRange(await networks.ServerBytesAsync() - before, 2 * length, long.MaxValue);

            await networks.SetNatAsync("plain");
        }

        await VisitUntilAsync(networks, Directly, 3);
    }

    /// <summary>Visits until the visitor has said so often that connections go a way; none may be lost or changed meanwhile.</summary>
    private Task VisitUntilAsync(NatNetworks networks, string way, int times) => Poll.UntilAsync(
        async () =>
        {
            await VisitAsync(10_000);
            return networks.Log.Split(way).Length > times;
        },
        Patience);

    /// <summary>A connection that sends bytes, ends, and has them back.</summary>
    private async Task VisitAsync(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        using var limit = new CancellationTokenSource(Patience);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(VisitPath), limit.Token);
        await using var client = new NetworkStream(socket);
        var sending = Task.Run(
            async () =>
            {
                await client.WriteAsync(bytes, limit.Token);
                socket.Shutdown(SocketShutdown.Send);
            },
            limit.Token);
        using var received = new MemoryStream();
        await client.CopyToAsync(received, limit.Token);
        await sending;
        Assert.True(received.ToArray().AsSpan().SequenceEqual(bytes), $"{received.Length} of {length} bytes came back, or others");
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = EchoAsync(await _service.AcceptAsync(_stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                await using var client = new NetworkStream(socket);
                await client.CopyToAsync(client, _stop.Token);
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // Whoever it was has left.
            }
        }
    }

    private Task WriteAsync(string name, string yaml) => File.WriteAllTextAsync(Path.Combine(_folder.Folder, name + ".yaml"), yaml);
}
