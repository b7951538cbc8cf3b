extern alias JailPlugin;

using System.Net.Sockets;
using FilterProxy.TestKit;
using JailPlugin::FilterProxy.Filters.Jail;
using Xunit;

namespace FilterProxy.Filters.Tests.Jail;

/// <summary>The jail among a listener's filters, before TLS.</summary>
public sealed class JailConnectionTests : IDisposable
{
    private readonly TestCertificate _certificate = new("localhost");

    public void Dispose() => _certificate.Dispose();

    [Theory]
    [InlineData("direct")]
    [InlineData("sockets")]
    public async Task Handshakes_that_fail_are_offences_and_who_is_banned_is_not_let_in(string io)
    {
        await using var proxy = await StartAsync("max: 3, offences: [ { name: handshake, handshakes: true } ]", io);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal("400", await GreetAsync(proxy));
            await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.jail.offences offence=handshake") == i);
        }

        await Poll.UntilAsync(async () => await GreetAsync(proxy) == "closed");

        Assert.Equal(1, proxy.Counts["filterproxy.jail.bans offence=handshake"]);
        Assert.InRange(proxy.Counts["filterproxy.jail.refused"], 1, 100);
        Assert.Contains(proxy.LogLines, line => line.Contains("127.0.0.1 is banned until", StringComparison.Ordinal) && line.Contains("handshake: tls_plain_http", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_just_leaves_has_done_nothing()
    {
        await using var proxy = await StartAsync("max: 1, offences: [ { name: handshake, handshakes: true } ]");
        for (var i = 0; i < 3; i++)
        {
            await using var client = await RawClient.ConnectAsync(proxy.PortOf("web"));
            client.CloseSending();
            Assert.True(await client.IsClosedByPeerAsync());
        }

        await Poll.UntilAsync(() => proxy.Engine.Services.ConnectionCounts.Total == 0);
        Assert.Equal("400", await GreetAsync(proxy));
        Assert.DoesNotContain("filterproxy.jail.refused", proxy.Counts.Keys);
    }

    [Fact]
    public async Task A_ban_of_a_jail_of_the_same_name_holds_for_connections_and_the_other_way_round()
    {
        await using var proxy = await StartAsync("name: site, max: 1, offences: [ { name: handshake, handshakes: true } ]");
        Assert.Equal(200, await AskAsync(proxy, "/"));
        Assert.Equal(404, await AskAsync(proxy, "/.env"));
        await Poll.UntilAsync(async () => await GreetAsync(proxy) == "closed");
        Assert.Equal(403, await AskAsync(proxy, "/"));
    }

    [Fact]
    public async Task Networks_that_are_never_banned_are_let_in_and_a_dry_run_lets_all()
    {
        foreach (var option in (string[])["never: [127.0.0.0/8]", "dry_run: true"])
        {
            await using var proxy = await StartAsync($"max: 1, {option}, offences: [ {{ name: handshake, handshakes: true }} ]");
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal("400", await GreetAsync(proxy));
            }
        }
    }

    [Theory]
    [InlineData("{ name: a, handshakes: true, statuses: [4xx] }")]
    [InlineData("{ name: a, handshakes: false }")]
    public async Task An_offence_that_cannot_be_is_refused(string offence) =>
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync($"offences: [ {offence} ]"));

    /// <summary>Speaks plain HTTP to TLS. The status of the answer, or that there was none.</summary>
    private static async Task<string> GreetAsync(TestProxy proxy)
    {
        try
        {
            await using var client = await RawClient.ConnectAsync(proxy.PortOf("web"));
            return $"{(await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status}";
        }
        catch (Exception e) when (e is IOException or SocketException or RawFormatException)
        {
            return "closed";
        }
    }

    private static async Task<int> AskAsync(TestProxy proxy, string path)
    {
        await using var client = await RawClient.ConnectAsync(proxy.PortOf("plain"));
        return (await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).Status;
    }

    private Task<TestProxy> StartAsync(string options, string io = "direct") => TestProxy.StartAsync(
        $$"""
        listeners:
          web:
            address: "127.0.0.1:0"
            io: {{io}}
            filters:
              - jail: { {{options}} }
              - tls: { certificates: [ { file: { cert: "{{_certificate.CertPath}}", key: "{{_certificate.KeyPath}}", default: true } } ] }
          plain: { address: "127.0.0.1:0" }
        http:
          filters:
            - jail: { name: site, max: 1, offences: [ { name: scanner, honeypots: [/.env] } ] }
        routes: [ { respond: { status: 200 } } ]
        """,
        TestTransport.Sockets,
        typeof(JailFilter));
}
