using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Access;

public sealed class AccessRuleTests : IDisposable
{
    private readonly HandshakeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Without_a_rule_nobody_may_anything()
    {
        _bench.Access = new();

        Assert.Equal((403, "tunnel_denied"), await AskAsync());
    }

    [Theory]
    [InlineData("x-filterproxy-tunnel-service: app;type=http;host=app.example.com", 200)]
    [InlineData("x-filterproxy-tunnel-service: app;type=http;host=a.b.acme.test", 200)]
    [InlineData("x-filterproxy-tunnel-service: app;type=http;host=*.b.acme.test", 200)]
    [InlineData("x-filterproxy-tunnel-service: app;type=http;host=acme.test", 403)]
    [InlineData("x-filterproxy-tunnel-service: app;type=http;host=app.example.com;host=evilacme.test", 403)]
    [InlineData("x-filterproxy-tunnel-service: app;type=http;host=*.app.example.com", 403)]
    [InlineData("x-filterproxy-tunnel-service: tls;type=https;host=a.acme.test", 200)]
    [InlineData("x-filterproxy-tunnel-service: db;type=tcp;port=45432", 200)]
    [InlineData("x-filterproxy-tunnel-service: db;type=tcp;port=46010", 200)]
    [InlineData("x-filterproxy-tunnel-service: db;type=tcp;port=46011", 403)]
    [InlineData("x-filterproxy-tunnel-service: db;type=tcp", 200)]
    public async Task A_service_is_let_in_where_its_rule_covers_its_type_hosts_and_port(string service, int status)
    {
        _bench.Access = new()
        {
            Rules = [new() { Agents = ["*:shop:acme"], Protocols = ["http", "tcp"], Hosts = ["App.example.com", "*.acme.test"], Ports = ["45432", "46000-46010"] }],
        };

        var (found, reason) = await AskAsync(service);

        Assert.Equal((status, status == 403 ? "tunnel_service_denied" : null), (found, reason));
    }

    [Fact]
    public async Task A_port_of_the_servers_choice_needs_ports_to_choose_from()
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:shop:acme"], Protocols = ["tcp"] }] };

        Assert.Equal((403, "tunnel_service_denied"), await AskAsync("x-filterproxy-tunnel-service: db;type=tcp"));
    }

    [Fact]
    public async Task The_first_rule_about_an_agent_decides()
    {
        _bench.Access = new() { Rules = [new() { Agents = ["edge-2:*:*", "edge-1:*:*"] }, new() { Agents = ["*:*:*"], Protocols = ["http"] }] };

        Assert.Equal((403, "tunnel_denied"), await AskAsync());
    }

    [Fact]
    public async Task An_agent_has_no_more_services_than_its_rule_says()
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["tcp"], Ports = ["1-9"], MaxServices = 1 }] };

        Assert.Equal((429, "tunnel_over_limit"), await AskAsync("x-filterproxy-tunnel-service: a;type=tcp;port=1", "x-filterproxy-tunnel-service: b;type=tcp;port=2"));
    }

    [Fact]
    public async Task Rules_of_a_file_come_after_those_of_the_configuration()
    {
        var folder = Directory.CreateTempSubdirectory("filterproxy-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.json"), """{ "rules": [ { "agents": ["*:*:acme"], "protocols": ["http"], "max_connections": 1 } ] }""");
        _bench.Context.Directory = folder;
        _bench.Access = new() { Rules = [new() { Agents = ["edge-2:*:*"] }], RulesFile = "rules.json" };
        await using var server = _bench.Create();

        var (first, _, _) = await HandshakeBench.AskAsync(server, Request());
        var (second, _, _) = await HandshakeBench.AskAsync(server, Request());
        var (denied, _, _) = await HandshakeBench.AskAsync(server, Request("edge-2:shop:acme"));

        Assert.Equal((200, 429, 403), (first.Status, second.Status, denied.Status));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("edge", "http", "a", "1", "node:cluster:tenant")]
    [InlineData("*:*:*", "smtp", "a", "1", "'smtp' is none of http,grpc,ws,tcp,udp")]
    [InlineData("*:*:*", "http,tcp", "a", "1", "'http,tcp' is none of")]
    [InlineData("*:*:*", "http", "a b", "1", "no host name")]
    [InlineData("*:*:*", "http", "a.*", "1", "no host name")]
    [InlineData("*:*:*", "http", "a", "0", "expected a port")]
    [InlineData("*:*:*", "http", "a", "9-1", "expected a port")]
    public void A_rule_that_cannot_be_understood_is_refused(string agent, string protocol, string host, string port, string problem)
    {
        var options = new TunnelAccessRuleOptions { Agents = [agent], Protocols = [protocol], Hosts = [host], Ports = [port] };

        Assert.Contains(problem, Assert.Single(options.Validate(new ValidationContext(options))).ErrorMessage!, StringComparison.Ordinal);
    }

    private async Task<(int Status, string? Reason)> AskAsync(params string[] services)
    {
        await using var server = _bench.Create();
        var (answer, _, _) = await HandshakeBench.AskAsync(server, OwnRequest(Edge, "streams", null, services));
        return (answer.Status, answer.Reason);
    }
}
