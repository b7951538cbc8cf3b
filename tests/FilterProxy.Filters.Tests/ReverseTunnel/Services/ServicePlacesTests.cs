using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>Which service has which place at the server, and for how long.</summary>
public sealed class ServicePlacesTests : IDisposable
{
    private readonly HandshakeBench _bench = new()
    {
        Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["http", "tcp", "udp"], Hosts = ["*"], Ports = ["26000", "26002-26003"] }] },
    };

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_port_of_the_servers_choice_is_one_of_the_rules_and_told_to_the_agent()
    {
        await using var server = _bench.Create();

        var (answer, admission, _) = await AskAsync(server, Hello(Edge, "db;type=tcp"));

        var port = admission!.Hello.Services.Single().Port;
        Assert.Contains(port, new[] { 26000, 26002, 26003 });
        Assert.Equal($"db;type=tcp;port={port}", answer["x-filterproxy-tunnel-service"]);
    }

    [Fact]
    public async Task A_service_that_comes_back_within_a_day_has_its_port_again_and_no_other_is_given_it()
    {
        await using var server = _bench.Create();
        var first = await PortAsync(server, Edge, "db");
        _bench.Clock.Advance(TimeSpan.FromHours(23));
        var others = new HashSet<int> { await PortAsync(server, Edge, "a"), await PortAsync(server, Edge, "b") };

        Assert.DoesNotContain(first, others);
        Assert.Equal((first, "tunnel_service_taken"), (await PortAsync(server, Edge, "db"), (await AskAsync(server, Hello(Edge, "c;type=tcp"))).Answer.Reason));
        _bench.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(200, (await AskAsync(server, Hello(Edge, "c;type=tcp"))).Answer.Status);
    }

    [Fact]
    public async Task A_UDP_port_is_told_and_remembered_as_others_are()
    {
        await using var server = _bench.Create();
        var (answer, admission, _) = await AskAsync(server, Hello(Edge, "dns;type=udp"));
        var port = admission!.Hello.Services.Single().Port;
        Assert.Equal($"dns;type=udp;port={port}", answer["x-filterproxy-tunnel-service"]);
        admission.Dispose();
        _bench.Clock.Advance(TimeSpan.FromHours(23));

        Assert.Equal(port, (await AskAsync(server, Hello(Edge, "dns;type=udp"))).Admission!.Hello.Services.Single().Port);
    }

    [Fact]
    public async Task A_UDP_port_is_free_as_soon_as_its_service_has_left()
    {
        await using var server = _bench.Create();
        for (var i = 0; i < 50; i++)
        {
            var (answer, admission, _) = await AskAsync(server, Hello(Edge, "dns;type=udp;port=26002"));
            Assert.Equal(200, answer.Status);
            admission!.Dispose();
        }
    }

    [Fact]
    public async Task A_number_may_be_the_TCP_port_of_one_service_and_the_UDP_port_of_another()
    {
        await using var server = _bench.Create();

        Assert.Equal(200, (await AskAsync(server, Hello(Edge, "db;type=tcp;port=26002", "dns;type=udp;port=26002"))).Answer.Status);
        Assert.Equal("tunnel_service_taken", (await AskAsync(server, Hello("edge-2:shop:acme", "other;type=udp;port=26002"))).Answer.Reason);
    }

    [Fact]
    public async Task A_UDP_port_must_be_allowed_and_so_must_UDP()
    {
        await using var all = _bench.Create();
        Assert.Equal((403, "tunnel_service_denied"), Of((await AskAsync(all, Hello(Edge, "dns;type=udp;port=53"))).Answer));
        _bench.Access = new() { Rules = [_bench.Access.Rules[0] with { Protocols = ["tcp"] }] };
        await using var tcp = _bench.Create();

        Assert.Equal((403, "tunnel_service_denied"), Of((await AskAsync(tcp, Hello("edge-2:shop:acme", "dns;type=udp;port=26002"))).Answer));

        static (int Status, string? Reason) Of(HandshakeAnswer answer) => (answer.Status, answer.Reason);
    }

    [Fact]
    public async Task A_UDP_port_that_another_program_has_is_refused()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Parse(_bench.Services.PortAddress), 26002));
        await using var server = _bench.Create();

        Assert.Equal("tunnel_service_taken", (await AskAsync(server, Hello(Edge, "dns;type=udp;port=26002"))).Answer.Reason);
    }

    [Fact]
    public async Task A_port_is_open_as_long_as_an_agent_is_there_for_it()
    {
        await using var server = _bench.Create();
        Assert.False(IsOpen(26002));
        var (_, one, _) = await AskAsync(server, Hello("edge-1:shop:acme", "db;type=tcp;port=26002"));
        var (_, two, _) = await AskAsync(server, Hello("edge-2:shop:acme", "db;type=tcp;port=26002"));
        one!.Dispose();
        Assert.True(IsOpen(26002));
        two!.Dispose();
        Assert.False(IsOpen(26002));
    }

    [Theory]
    [InlineData("edge-2:bakery:acme", "db;type=tcp;port=26002")]
    [InlineData("edge-2:shop:other", "db;type=tcp;port=26002")]
    [InlineData("edge-2:shop:acme", "db2;type=tcp;port=26002")]
    [InlineData("edge-2:shop:other", "app;type=http;host=app.example.com")]
    [InlineData("edge-2:shop:other", "app;type=http;host=b.example.com;host=APP.example.com")]
    public async Task The_place_of_a_service_is_not_anothers(string agent, string service)
    {
        await using var server = _bench.Create();
        await AskAsync(server, Hello(Edge, "db;type=tcp;port=26002", "app;type=http;host=app.example.com"));

        var (answer, _, _) = await AskAsync(server, Hello(agent, service));

        Assert.Equal((409, "tunnel_service_taken", "1"), (answer.Status, answer.Reason, answer["retry-after"]));
    }

    [Fact]
    public async Task An_agent_that_is_refused_for_one_service_has_none_of_the_others()
    {
        await using var server = _bench.Create();
        await AskAsync(server, Hello(Edge, "db;type=tcp;port=26002"));
        await AskAsync(server, Hello("edge-2:shop:other", "free;type=tcp;port=26003", "db;type=tcp;port=26002"));
        Assert.False(IsOpen(26003));

        var (answer, _, _) = await AskAsync(server, Hello("edge-3:shop:third", "mine;type=tcp;port=26003"));

        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task An_agent_that_is_refused_for_its_node_leaves_no_service_behind()
    {
        await using var server = _bench.Create();
        await AskAsync(server, Hello(Edge));
        await AskAsync(server, Hello(Edge, "db;type=tcp;port=26002"));

        Assert.False(IsOpen(26002));
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_refused()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Parse(_bench.Services.PortAddress), 26002));
        other.Listen();
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Hello(Edge, "db;type=tcp;port=26002"));

        Assert.Equal((409, "tunnel_service_taken"), (answer.Status, answer.Reason));
    }

    [Theory]
    [InlineData("tunnels.example.com", 200, "app;type=http;host=app.tunnels.example.com")]
    [InlineData(null, 403, null)]
    public async Task A_subdomain_is_a_host_below_the_servers_where_that_has_one(string? domain, int status, string? service)
    {
        _bench.Services = _bench.Services with { SubdomainHost = domain };
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Hello(Edge, "app;type=http;subdomain=app"));

        Assert.Equal((status, service), (answer.Status, answer["x-filterproxy-tunnel-service"]));
    }

    [Fact]
    public async Task A_subdomain_must_be_allowed_as_a_host()
    {
        _bench.Access = new() { Rules = [_bench.Access.Rules[0] with { Hosts = ["*.acme.example.com"] }] };
        _bench.Services = _bench.Services with { SubdomainHost = "tunnels.example.com" };
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Hello(Edge, "app;type=http;subdomain=app"));

        Assert.Equal((403, "tunnel_service_denied"), (answer.Status, answer.Reason));
    }

    [Theory]
    [InlineData("app;type=http;subdomain=a.b")]
    [InlineData("app;type=http;subdomain=-a")]
    [InlineData("app;type=http;host=a;path=b")]
    [InlineData("app;type=http;host=a;path=/b?c")]
    [InlineData("app;type=http;host=a;path=/")]
    [InlineData("app;type=quic;port=26002")]
    public async Task A_place_that_cannot_be_understood_is_refused(string service)
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Hello(Edge, service));

        Assert.Equal((400, "tunnel_malformed"), (answer.Status, answer.Reason));
    }

    private static string Hello(string agent, params string[] services) =>
        OwnRequest(agent, "streams", null, [.. services.Select(service => $"x-filterproxy-tunnel-service: {service}")]);

    private static async Task<int> PortAsync(HandshakeServer server, string agent, string service)
    {
        var (_, admission, _) = await AskAsync(server, Hello(agent, $"{service};type=tcp"));
        admission!.Dispose();
        return admission.Hello.Services.Single().Port;
    }

    private bool IsOpen(int port)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.Connect(IPAddress.Parse(_bench.Services.PortAddress), port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
