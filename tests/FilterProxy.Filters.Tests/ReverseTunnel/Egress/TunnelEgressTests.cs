using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Egress;
using FilterProxy.Filters.Tests.ReverseTunnel.Services;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Egress;

/// <summary>Which targets an agent connects to.</summary>
public sealed class TunnelEgressTests
{
    private static readonly TunnelEgressOptions Options = new()
    {
        Allow =
        [
            new() { Networks = [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")], Ports = [new(5432, 5432), new(6000, 6010)] },
            new() { Hosts = ["db.internal", "*.apps.internal"], Ports = [new(80, 80)] },
        ],
    };

    [Theory]
    [InlineData("10.1.2.3", 5432, true)]
    [InlineData("10.1.2.3", 6010, true)]
    [InlineData("::ffff:10.1.2.3", 6000, true)]
    [InlineData("fd00::1", 6005, true)]
    [InlineData("10.1.2.3", 6011, false)]
    [InlineData("10.2.0.1", 5432, false)]
    [InlineData("10.1.2.3", 80, false)]
    [InlineData("DB.internal", 80, true)]
    [InlineData("a.apps.internal", 80, true)]
    [InlineData("apps.internal", 80, false)]
    [InlineData("evilapps.internal", 80, false)]
    [InlineData("db.internal", 5432, false)]
    public void A_target_fits_by_its_address_or_its_name_and_by_its_port(string host, int port, bool isAllowed)
    {
        EndPoint address = IPAddress.TryParse(host, out var ip) ? new IPEndPoint(ip, port) : new DnsEndPoint(host, port);

        Assert.Equal(isAllowed, new EgressRules(Options).Allows(address));
        Assert.True(new EgressRules(new TunnelEgressOptions()).Allows(address));
    }

    [Fact]
    public void A_unix_socket_is_named_by_the_configuration_alone() => Assert.True(new EgressRules(Options).Allows(new UnixDomainSocketEndPoint("/run/app.sock")));

    [Fact]
    public async Task A_stream_goes_to_no_endpoint_that_is_not_allowed()
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var server = await ServicesRig.StartServerAsync();
        await using var agent = await StartAgentAsync(server, $"127.0.0.1:{one.Port}\", \"127.0.0.1:{two.Port}", $"{{ networks: [127.0.0.0/8], ports: [{two.Port}] }}");
        for (var i = 0; i < 4; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(ServicesRig.PortOf(agent, "db"));
            using var reached = await two.AcceptAsync();
            await reached.SayAsync("two");
            Assert.Equal("two", await client.HearAsync(3));
        }

        Assert.False(one.HasPending());
    }

    [Fact]
    public async Task Where_no_endpoint_is_allowed_there_is_no_stream_and_the_server_says_why()
    {
        using var service = new StreamUpstream();
        await using var server = await ServicesRig.StartServerAsync();
        await using var agent = await StartAgentAsync(server, $"127.0.0.1:{service.Port}", $"{{ networks: [10.0.0.0/8], ports: [{service.Port}] }}");
        using var client = await StreamUpstream.ConnectAsync(ServicesRig.PortOf(agent, "db"));

        await Assert.ThrowsAsync<SocketException>(() => client.HearAsync(1));
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("tunnel_egress_denied", StringComparison.Ordinal)));
        Assert.False(service.HasPending());
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task A_request_goes_to_no_endpoint_that_is_not_allowed(TestTransport transport)
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes:
              - { name: none, match: { path: /none }, cluster: one, filters: [ { tunnel_egress: { allow: [ { networks: [127.0.0.0/8], ports: [{{two.Port}}] } ] } } ] }
              - { name: all, cluster: both, filters: [ { tunnel_egress: { allow: [ { networks: [127.0.0.0/8], ports: [{{two.Port}}] } ] } } ] }
            clusters:
              both: { endpoints: ["127.0.0.1:{{one.Port}}", "127.0.0.1:{{two.Port}}"] }
              one: { endpoints: ["127.0.0.1:{{one.Port}}"] }
            """,
            transport,
            typeof(TunnelEgressFilter));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(TunnelRig.Get())).Status);
        }

        var denied = await proxy.SendAsync(TunnelRig.Get("/none"));
        Assert.Equal((403, "tunnel_egress_denied"), (denied.Status, denied.Headers["x-filterproxy-reason"]));
        Assert.Equal((0, 4), (one.Requests.Count, two.Requests.Count));
    }

    [Theory]
    [InlineData("{ networks: [10.0.0.0/8] }", "needs ports, and networks or hosts")]
    [InlineData("{ ports: [1] }", "needs ports, and networks or hosts")]
    [InlineData("{ networks: [10.0.0.0/33], ports: [1] }", "10.0.0.0/33")]
    [InlineData("{ hosts: ['a b'], ports: [1] }", "is no name like")]
    [InlineData("{ hosts: [a], ports: [2-1] }", "expected a port")]
    public async Task A_target_that_cannot_be_is_an_error_of_the_configuration(string target, string problem)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => ServicesRig.StartAgentAsync(ConfigOf("1", "127.0.0.1:1", target)));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_filter_needs_a_list()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(1, http: "{ route_filters: [ { tunnel_egress: {} } ] }", components: typeof(TunnelEgressFilter)));

        Assert.Contains("allow is missing", error.Message, StringComparison.Ordinal);
    }

    private static string ConfigOf(string port, string origin, string target) =>
        ServicesRig.AgentConfig(port, "n1", "apps", origin, "{ name: db, type: tcp, cluster: origin }").Replace("services:", $"egress: {{ allow: [ {target} ] }}, services:", StringComparison.Ordinal);

    private static async Task<TestProxy> StartAgentAsync(TestProxy server, string origin, string target)
    {
        var agent = await ServicesRig.StartAgentAsync(ConfigOf($"{server.PortOf("tunnels")}", origin, target));
        await ServicesRig.WaitForEndpointAsync(server, "n1:apps:acme");
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("has the service", StringComparison.Ordinal)));
        return agent;
    }
}
