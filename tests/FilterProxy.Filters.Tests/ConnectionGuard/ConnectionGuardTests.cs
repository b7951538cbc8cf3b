using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ConnectionGuard;

/// <summary>Connections that may not pass, and those that may.</summary>
public sealed class ConnectionGuardTests
{
    [Theory]
    [InlineData("max: 2")]
    [InlineData("per_client: 2")]
    public async Task Connections_over_a_limit_are_reset_and_places_come_back(string limit)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: $"{{ connection_limit: {{ {limit} }} }},");
        var one = await OpenAsync(proxy, upstream);
        using var two = (await OpenAsync(proxy, upstream)).Client;
        using var three = await StreamUpstream.ConnectAsync(proxy.Port);
        Assert.False(await three.EndsOrderlyAsync());
        Assert.Equal(1, proxy.Counts["filterproxy.connection_guard.refused reason=connection_limit"]);

        one.Client.Dispose();
        one.Server.Dispose();
        await Poll.UntilAsync(() => proxy.Ended("client_closed") + proxy.Ended("upstream_closed") == 1);
        await Poll.UntilAsync(async () =>
        {
            using var four = await StreamUpstream.ConnectAsync(proxy.Port);
            return !four.Poll(50_000, SelectMode.SelectRead) || upstream.HasPending();
        });
    }

    [Fact]
    public async Task A_reload_forgets_no_open_connection()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: "{ connection_limit: { max: 5 } },");
        using var one = (await OpenAsync(proxy, upstream)).Client;

        Assert.Equal("", await proxy.ReloadAsync(RelayProxy.Text(upstream.Port, before: "{ connection_limit: { max: 1 } },")));

        using var two = await StreamUpstream.ConnectAsync(proxy.Port);
        Assert.False(await two.EndsOrderlyAsync());
    }

    [Fact]
    public async Task Connections_that_come_too_fast_are_reset()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: "{ connection_rate: { rate: 3, per: 1h } },");
        for (var i = 0; i < 3; i++)
        {
            (await OpenAsync(proxy, upstream)).Client.Dispose();
        }

        using var fourth = await StreamUpstream.ConnectAsync(proxy.Port);
        Assert.False(await fourth.EndsOrderlyAsync());
        Assert.Equal(1, proxy.Counts["filterproxy.connection_guard.refused reason=connection_rate"]);
    }

    [Theory]
    [InlineData("deny: [127.0.0.1]", false)]
    [InlineData("allow: [10.0.0.0/8]", false)]
    [InlineData("allow: [127.0.0.0/8]", true)]
    public async Task Ip_access_judges_connections_too(string options, bool passes)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: $"{{ ip_access: {{ {options} }} }},");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        if (passes)
        {
            using var server = await upstream.AcceptAsync();
            await server.SayAsync("in");
            Assert.Equal("in", await client.HearAsync(2));
        }
        else
        {
            Assert.False(await client.EndsOrderlyAsync());
        }
    }

    [Theory]
    [InlineData("{ rules: [ { match: { sources: [127.0.0.0/8] } } ] }", true)]
    [InlineData("{ rules: [ { match: { sources: [10.0.0.0/8] } } ] }", false)]
    [InlineData("{ rules: [ { match: { server_names: [a.example] } } ] }", true)]
    [InlineData("{ rules: [ { match: { server_names: [a.example] }, action: deny } ], otherwise: allow }", false)]
    [InlineData("{ rules: [ { match: { server_names: [b.example] }, action: deny } ], otherwise: allow }", true)]
    [InlineData("{ rules: [ { certificates: ['*'] } ] }", false)]
    public async Task Rules_judge_by_address_and_name(string options, bool passes)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: $"{{ tls_inspector: {{}} }}, {{ connection_rbac: {options} }},");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("a.example"));
        if (passes)
        {
            using var server = await upstream.AcceptAsync();
            await server.SayAsync("in");
            Assert.Equal("in", await client.HearAsync(2));
        }
        else
        {
            Assert.False(await client.EndsOrderlyAsync());
            Assert.Equal(1, proxy.Counts["filterproxy.connection_guard.refused reason=connection_rbac"]);
        }
    }

    [Theory]
    [InlineData("deploy.example", true)]
    [InlineData("CN=deploy.example", true)]
    [InlineData("*", true)]
    [InlineData("other.example", false)]
    public async Task Rules_judge_by_client_certificate(string name, bool passes)
    {
        using var certificate = new TestCertificate("a.example");
        using var shown = new TestCertificate("deploy.example");
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before:
            $$"""{ tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ], """
            + $$"""client_certificates: { ca: ["{{shown.CertPath}}"] } } }, { connection_rbac: { rules: [ { certificates: ["{{name}}"] } ] } },""");
        using var pem = X509Certificate2.CreateFromPemFile(shown.CertPath, shown.KeyPath);
        using var own = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null);
        await using var client = new SslStream(new NetworkStream(await StreamUpstream.ConnectAsync(proxy.Port), ownsSocket: true));
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "a.example",
            ClientCertificates = [own],
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });

        if (passes)
        {
            using var server = await upstream.AcceptAsync();
            await server.SayAsync("in");
            Assert.Equal("in", await client.HearAsync(2));
        }
        else
        {
            await Assert.ThrowsAnyAsync<IOException>(async () => await client.ReadExactlyAsync(new byte[1]));
        }
    }

    [Theory]
    [InlineData("connection_limit: {}", "how many")]
    [InlineData("connection_rate: { rate: 0 }", "must be 1 or more")]
    [InlineData("connection_rate: { rate: 1, per: 1ms }", "between 10ms and 1d")]
    [InlineData("connection_rbac: { rules: [] }", "at least one rule")]
    [InlineData("connection_rbac: { rules: [ { match: { server_names: ['a b'] } } ] }", "is no name")]
    public async Task Configurations_that_make_no_sense_are_refused(string filter, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => RelayProxy.StartAsync(1, before: $"{{ {filter} }},"));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<(Socket Client, Socket Server)> OpenAsync(TestProxy proxy, StreamUpstream upstream)
    {
        var client = await StreamUpstream.ConnectAsync(proxy.Port);
        return (client, await upstream.AcceptAsync());
    }
}
