using System.Net.Sockets;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A proxy in a network of its own in which two ports are all there is to connect from. Its clients come by unix sockets.</summary>
public sealed class PortExhaustionTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [OwnNetworkFact]
    public async Task Without_a_free_port_a_connection_is_told_so_or_goes_to_another_address()
    {
        using var file = new ConfigFile("");
        await file.ReplaceAsync($$"""
            plugins: [TcpRelay, Egress, AccessLog]
            listeners:
              one: { address: "unix:{{file.Folder}}/one", protocols: [], filters: [ { connection_log: { path: connections.log, format: json, flush_interval: 10ms } }, { tcp_relay: { cluster: one } } ] }
              two: { address: "unix:{{file.Folder}}/two", protocols: [], filters: [ { tcp_relay: { cluster: two } } ] }
              egress: { address: "unix:{{file.Folder}}/egress", protocols: [], filters: [ { http_connect: { allow: [ { networks: [127.0.0.0/8], ports: [8000] } ], allow_private: [127.0.0.0/8] } } ] }
              web: { address: "unix:{{file.Folder}}/web" }
              origin: { address: "0.0.0.0:8000" }
            routes:
              - { name: origin, match: { listeners: [origin] }, respond: { status: 200, body: here } }
              - { name: web, match: { listeners: [web] }, cluster: two }
            clusters:
              one: { endpoints: ["127.0.0.1:8000"] }
              two: { endpoints: ["127.0.0.1:8000", "127.0.0.2:8000"], load_balancer: round_robin }
            """);
        await using var proxy = ProxyProcess.Start(
            [
                "-rn", "sh", "-c", "ip link set lo up && echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range && exec \"$0\" run -c \"$1\"",
                Repository.ProxyExecutable, file.Path,
            ],
            null,
            program: "unshare");
        await proxy.ReadyAsync();
        Task<RawClient> ConnectAsync(string listener) => RawClient.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(file.Folder, listener)));

        // Each relay that stays open keeps a port towards that address.
        await using var first = await ConnectAsync("one");
        Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);
        await using var second = await ConnectAsync("one");
        Assert.Equal(200, (await second.RoundTripAsync(Get)).Status);

        await using (var third = await ConnectAsync("one"))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => third.RoundTripAsync(Get));
            await Poll.UntilAsync(() => proxy.Error.Contains("cluster 'one': no_free_port", StringComparison.Ordinal));
            await Poll.UntilAsync(() => File.ReadAllText(Path.Combine(file.Folder, "connections.log")).Contains("\"reason\":\"no_free_port\"", StringComparison.Ordinal));
        }

        await using (var egress = await ConnectAsync("egress"))
        {
            var refused = await egress.RoundTripAsync("CONNECT 127.0.0.1:8000 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n");
            Assert.Equal((503, "no_free_port\n"), (refused.Status, refused.Text));
        }

        // The other address has ports of its own.
        await using var elsewhere = await ConnectAsync("two");
        Assert.Equal(200, (await elsewhere.RoundTripAsync(Get)).Status);
        await using var web = await ConnectAsync("web");
        Assert.Equal(200, (await web.RoundTripAsync(Get)).Status);
        Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);
    }
}
