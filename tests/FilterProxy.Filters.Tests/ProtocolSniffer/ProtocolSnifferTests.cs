using System.Text;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ProtocolSniffer;

/// <summary>Protocols that share a port.</summary>
public sealed class ProtocolSnifferTests
{
    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", "ssh", 1)]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", "ssh", 100)]
    [InlineData("GET / HTTP/1.1\r\n", "http1", 1)]
    [InlineData("PROPFIND / HTTP/1.1\r\n", "http1", 100)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "h2c", 1)]
    [InlineData("PRINT / HTTP/1.1\r\n", "http1", 1)]
    [InlineData("\u0016\u0003\u0001\u0000\u00c8", "tls", 1)]
    [InlineData("\u0003\u0000\u0000\u0013", "unknown", 100)]
    [InlineData("\u0016\u0002", "unknown", 1)]
    [InlineData("SSL?", "unknown", 1)]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "unknown", 100)]
    public async Task A_client_is_known_by_how_it_begins_and_its_bytes_go_on_whole(string start, string protocol, int piece)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync(upstream.Port, "timeout: 30s");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        var bytes = Encoding.Latin1.GetBytes(start);
        for (var at = 0; at < bytes.Length; at += piece)
        {
            await client.SendAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
        }

        using var server = await upstream.AcceptAsync();
        Assert.Equal(Encoding.ASCII.GetString(bytes), await server.HearAsync(bytes.Length));
        Assert.Equal(1, proxy.Counts[$"filterproxy.protocol_sniffer.connections protocol={protocol}"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GE")]
    public async Task A_client_that_says_too_little_is_taken_for_the_default_in_time(string start)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync(upstream.Port, "timeout: 200ms, default: ssh");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SayAsync(start);

        using var server = await upstream.AcceptAsync();
        await server.SayAsync("SSH-2.0-x\r\n");
        Assert.Equal("SSH-2.0-x\r\n", await client.HearAsync(11));
        await client.SayAsync("later");
        Assert.Equal(start + "later", await server.HearAsync(start.Length + 5));
        Assert.Equal(1, proxy.Counts["filterproxy.protocol_sniffer.connections protocol=ssh"]);
    }

    [Fact]
    public async Task Ssh_http_and_tls_share_a_port()
    {
        using var certificate = new TestCertificate("a.example");
        using var ssh = new StreamUpstream();
        using var tls = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners:
              web:
                address: 127.0.0.1:0
                protocols: [http1, http2]
                filters:
                  - protocol_sniffer: { default: ssh }
                  - tcp_relay:
                      rules:
                        - { match: { protocols: [ssh] }, cluster: ssh }
                        - { match: { protocols: [tls] }, cluster: tls }
                        - { match: { protocols: [unknown] }, action: close }
                      otherwise: next
            routes: [ { name: all, respond: { status: 200, body: "http" } } ]
            clusters: { ssh: { endpoints: ["127.0.0.1:{{ssh.Port}}"] }, tls: { endpoints: ["127.0.0.1:{{tls.Port}}"] } }
            """);

        await using (var http1 = await proxy.ConnectAsync())
        {
            Assert.Equal(200, (await http1.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        await using (var h2 = await RawClient.OverHttp2Async(await proxy.ConnectStreamAsync()))
        {
            Assert.Equal(200, (await h2.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        using var shell = await StreamUpstream.ConnectAsync(proxy.Port);
        using var sshd = await ssh.AcceptAfterAsync(() => shell.SayAsync("SSH-2.0-x\r\n"));
        Assert.Equal("SSH-2.0-x\r\n", await sshd.HearAsync(11));

        var serving = Task.Run(async () => await TlsTalk.ServeAsync(await tls.AcceptAsync(), certificate));
        await using var secure = await TlsTalk.ConnectAsync(proxy.Port, "a.example");
        await using var server = await serving;
        await secure.WriteAsync("x"u8.ToArray());
        Assert.Equal("x", await server.HearAsync(1));

        using var other = await StreamUpstream.ConnectAsync(proxy.Port);
        await other.SayAsync("\u0001\u0002");
        Assert.False(await other.EndsOrderlyAsync());
    }

    [Fact]
    public async Task A_timeout_out_of_range_is_refused()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, "timeout: 1h"));

        Assert.Contains("timeout must be", refused.Message, StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAsync(int port, string options) =>
        RelayProxy.StartAsync(port, before: $"{{ protocol_sniffer: {{ {options} }} }},");
}
