using System.Buffers.Binary;
using System.Net;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Services.ServicesRig;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>What a service behind an agent is told of its clients by the PROXY protocol.</summary>
public sealed class ServiceClientTests
{
    [Fact]
    public async Task A_tcp_service_is_told_the_client_and_the_port_it_came_to_in_text()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, service, "{ name: db, type: tcp, cluster: origin }", "v1");
        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        using var upstream = await service.AcceptAsync();
        await client.SayAsync("hello");

        var expected = $"PROXY TCP4 127.0.0.1 127.0.0.1 {((IPEndPoint)client.LocalEndPoint!).Port} {PortOf(agent, "db")}\r\nhello";
        Assert.Equal(expected, await upstream.HearAsync(expected.Length));
    }

    [Fact]
    public async Task An_https_service_is_told_them_in_binary_before_the_clients_hello()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, service, "{ name: tls, type: https, hosts: [a.example], cluster: origin }", "v2");
        var hello = ClientHello.Make("a.example");
        using var client = await StreamUpstream.ConnectAsync(server.PortOf("tls"));
        await client.SendAsync(hello);
        using var upstream = await service.AcceptAsync();

        var head = new byte[28 + hello.Length];
        for (var got = 0; got < head.Length;)
        {
            got += await upstream.ReceiveAsync(head.AsMemory(got));
        }

        Assert.Equal("0D0A0D0A000D0A515549540A2111000C7F0000017F000001", Convert.ToHexString(head.AsSpan(0, 24)));
        Assert.Equal(
            (((IPEndPoint)client.LocalEndPoint!).Port, server.PortOf("tls")), (BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(24)), BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(26))));
        Assert.Equal(hello, head[28..]);
    }

    private static async Task<TestProxy> StartAgentAsync(TestProxy server, StreamUpstream service, string services, string version)
    {
        var agent = await ServicesRig.StartAgentAsync(AgentConfig($"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{service.Port}", services, $"proxy_protocol: {version}"));
        await WaitForEndpointAsync(server, "n1:apps:acme");
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("has the service", StringComparison.Ordinal)));
        return agent;
    }
}
