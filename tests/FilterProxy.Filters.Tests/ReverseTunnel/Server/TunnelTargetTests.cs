using System.Net;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>What each kind of target finds in a request, and in a connection that carries none.</summary>
public sealed class TunnelTargetTests
{
    [Theory]
    [InlineData("edge-1.agents.example.com", "edge-1")]
    [InlineData("a.edge-1.agents.example.com", null)]
    [InlineData("agents.example.com", null)]
    [InlineData("", null)]
    public void A_name_asked_for_in_TLS_gives_the_group_of_its_pattern(string name, string? expected)
    {
        var target = new TunnelTargetOptions { ServerName = "^([^.]+)[.]agents[.]example[.]com$" };

        Assert.Equal(expected, OfRequest(target, TestExchange.Get("/").OverTls(name)));
        Assert.Equal(expected, OfConnection(target, name));
    }

    [Theory]
    [InlineData("login", "site", "edge-1", "edge-1")]
    [InlineData("login", "zone", "edge-1", null)]
    [InlineData("other", "site", "edge-1", null)]
    [InlineData("login", "site", "", null)]
    public void Metadata_of_another_filter_is_an_id(string space, string key, string value, string? expected)
    {
        var exchange = TestExchange.Get("/");
        exchange.Metadata[space, key] = value;

        Assert.Equal(expected, OfRequest(new() { Metadata = "login:site" }, exchange));
    }

    [Fact]
    public void The_clients_address_is_the_one_a_trusted_proxy_told()
    {
        TunnelTargetOptions target = new() { RemoteAddress = true };

        Assert.Equal("192.0.2.1", OfRequest(target, TestExchange.Get("/")));
        Assert.Equal("198.51.100.7", OfRequest(target, TestExchange.Get("/").ForwardedFor("198.51.100.7")));
        Assert.Equal("198.51.100.8", OfRequest(target, TestExchange.Get("/").From("::ffff:198.51.100.8")));
        Assert.Equal("2001:db8::1", OfRequest(target, TestExchange.Get("/").From("2001:DB8:0::1")));
        Assert.Equal("203.0.113.9", OfConnection(target, "", new IPEndPoint(IPAddress.Parse("203.0.113.9"), 40000)));
        Assert.Null(OfConnection(target, "", remote: null));
    }

    [Theory]
    [InlineData("%REQ(x-site)%-%REQ(x-zone)%", "s1-z1")]
    [InlineData("edge-%REQ(x-site)%", "edge-s1")]
    [InlineData("%REQ(x-none?x-zone)%", "z1")]
    [InlineData("%REQ(x-site):1%", "s")]
    [InlineData("%REQ(x-none)%", null)]
    [InlineData("fixed", "fixed")]
    public void A_template_is_filled_in_from_the_request(string format, string? expected)
    {
        TunnelTargetOptions target = new() { Format = Template.Parse(format) };

        Assert.Equal(expected, OfRequest(target, TestExchange.Get("/").WithHeader("x-site", "s1").WithHeader("x-zone", "z1")));
    }

    [Fact]
    public void What_is_longer_than_any_id_is_none()
    {
        TunnelTargetOptions target = new() { Header = "x-agent" };

        Assert.Equal(new string('a', 512), OfRequest(target, TestExchange.Get("/").WithHeader("x-agent", new string('a', 512))));
        Assert.Null(OfRequest(target, TestExchange.Get("/").WithHeader("x-agent", new string('a', 513))));
    }

    [Fact]
    public void A_connection_without_a_request_has_neither_headers_nor_a_path()
    {
        Assert.Null(OfConnection(new() { Header = "x-agent" }, "edge-1"));
        Assert.Null(OfConnection(new() { Path = "^/([^/]+)" }, "edge-1"));
        Assert.Null(OfConnection(new() { Metadata = "a:b" }, "edge-1"));
        Assert.Null(OfConnection(new() { Format = Template.Parse("edge-%REQ(x)%") }, "edge-1"));
        Assert.Equal("edge-1", OfConnection(new() { Id = "edge-1" }, ""));
    }

    private static string? OfRequest(TunnelTargetOptions options, TestExchange exchange)
    {
        using (exchange)
        {
            return Find(options, new PickContext(Exchange: exchange));
        }
    }

    private static string? OfConnection(TunnelTargetOptions options, string serverName, EndPoint? remote = null)
    {
        var connection = new DefaultConnectionContext { RemoteEndPoint = remote };
        if (serverName.Length > 0)
        {
            connection.Features.Set(new TlsClientHello(serverName, []));
        }

        return Find(options, new PickContext(Connection: connection));
    }

    private static string? Find(TunnelTargetOptions options, in PickContext context)
    {
        Span<char> id = stackalloc char[512];
        return new TunnelTarget(options).TryFind(context, id, out var length) ? id[..length].ToString() : null;
    }
}
