using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.AccessLog;
using FilterProxy.Filters.Egress;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Egress;

/// <summary>Clients that say where they want to go, and get there or do not.</summary>
public sealed class EgressTests
{
    private const string Loopback = "allow: [ { networks: [127.0.0.0/8], ports: [1-65535] }, { hosts: [localhost], ports: [1-65535] } ], allow_private: [127.0.0.0/8, ::1/128]";

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_CONNECT_is_answered_and_relayed_and_what_came_with_it_too(string host)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync("http_connect", Loopback);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        await client.SayAsync($"CONNECT {host}:{upstream.Port} HTTP/1.1\r\nHost: {host}:{upstream.Port}\r\n\r\nhello");
        using var server = await upstream.AcceptAsync();
        Assert.Equal("hello", await server.HearAsync(5));
        const string Established = "HTTP/1.1 200 Connection established\r\n\r\n";
        Assert.Equal(Established, await client.HearAsync(Established.Length));
        await server.SayAsync("good day");
        Assert.Equal("good day", await client.HearAsync(8));
        client.Shutdown(SocketShutdown.Send);
        Assert.True(await server.EndsOrderlyAsync());
    }

    [Theory]
    [InlineData("CONNECT 10.0.0.1:22 HTTP/1.1\r\n\r\n", "403")]
    [InlineData("CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n", "403")]
    [InlineData("CONNECT [::ffff:10.0.0.1]:22 HTTP/1.1\r\n\r\n", "403")]
    [InlineData("CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n", "400")]
    [InlineData("CONNECT 127.0.0.1:0 HTTP/1.1\r\n\r\n", "400")]
    [InlineData("CONNECT 127.1:80 HTTP/1.1\r\n\r\n", "400")]
    [InlineData("CONNECT 2130706433:80 HTTP/1.1\r\n\r\n", "400")]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "400")]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nbad name: x\r\n\r\n", "400")]
    [InlineData("CONNECT 127.0.0.1:1\r\n\r\n", "400")]
    [InlineData("GET http://127.0.0.1/ HTTP/1.1\r\nHost: a\r\n\r\n", "405")]
    [InlineData("\u0001\u0002\u0003", "400")]
    public async Task What_is_not_allowed_or_no_CONNECT_is_refused(string request, string status)
    {
        await using var proxy = await StartAsync("http_connect", Loopback);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(Encoding.Latin1.GetBytes(request));

        Assert.Equal($"HTTP/1.1 {status}", await client.HearAsync(12));
    }

    [Fact]
    public async Task A_head_without_end_is_refused()
    {
        await using var proxy = await StartAsync("http_connect", Loopback);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SayAsync("CONNECT 127.0.0.1:1 HTTP/1.1\r\nx: " + new string('x', 20_000));

        Assert.Equal("HTTP/1.1 431", await client.HearAsync(12));
    }

    [Theory]
    [InlineData("http_connect")]
    [InlineData("socks5")]
    public async Task A_client_that_says_nothing_is_closed_in_time(string filter)
    {
        await using var proxy = await StartAsync(filter, Loopback + ", handshake_timeout: 200ms");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.False(await client.EndsOrderlyAsync());
        Assert.Equal(1, proxy.Counts[$"filterproxy.egress.connections filter={filter} outcome=handshake_timeout"]);
    }

    [Theory]
    [InlineData("http_connect", "HTTP/1.1 403")]
    [InlineData("socks5", null)]
    public async Task A_private_address_is_refused_whatever_names_and_networks_are_allowed(string filter, string? answer)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync(filter, "allow: [ { hosts: ['*'], networks: [0.0.0.0/0], ports: [1-65535] } ]");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        if (answer is not null)
        {
            await client.SayAsync($"CONNECT localhost:{upstream.Port} HTTP/1.1\r\n\r\n");
            Assert.Equal(answer, await client.HearAsync(answer.Length));
        }
        else
        {
            Assert.Equal(2, await SocksAsync(client, "localhost", upstream.Port));
        }

        Assert.False(upstream.HasPending());
    }

    [Theory]
    [InlineData("Basic YWxpY2U6c2VjcmV0", "200")]
    [InlineData("Basic YWxpY2U6d3Jvbmc=", "407")]
    [InlineData("Basic ???", "407")]
    [InlineData(null, "407")]
    public async Task Users_have_to_say_who_they_are(string? credentials, string status)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync("http_connect", Loopback + ", users: { alice: secret }");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SayAsync($"CONNECT 127.0.0.1:{upstream.Port} HTTP/1.1\r\n{(credentials is null ? "" : $"Proxy-Authorization: {credentials}\r\n")}\r\n");

        Assert.Equal($"HTTP/1.1 {status}", await client.HearAsync(12));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_SOCKS_client_is_relayed(string host)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync("socks5", Loopback);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.Equal(0, await SocksAsync(client, host, upstream.Port));
        using var server = await upstream.AcceptAsync();
        await client.SayAsync("hello");
        Assert.Equal("hello", await server.HearAsync(5));
    }

    [Theory]
    [InlineData("10.0.0.1", 22, 2)]
    [InlineData("127.0.0.1", 0, 1)]
    [InlineData("bad name", 22, 1)]
    public async Task A_SOCKS_client_is_told_why_not(string host, int port, int code)
    {
        await using var proxy = await StartAsync("socks5", Loopback);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.Equal(code, await SocksAsync(client, host, port));
    }

    [Fact]
    public async Task A_name_nobody_may_ask_for_is_not_even_looked_up()
    {
        await using var proxy = await StartAsync("socks5", "allow: [ { hosts: [a.example, '*.b.example'], ports: [22] } ]");
        foreach (var (host, port) in new[] { ("b.example", 22), ("xa.example", 22), ("a.example", 23), ("10.0.0.1", 22) })
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            Assert.Equal(2, await SocksAsync(client, host, port));
        }
    }

    [Fact]
    public async Task A_refused_connection_has_its_own_code()
    {
        await using var proxy = await StartAsync("socks5", Loopback);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.Equal(5, await SocksAsync(client, "127.0.0.1", UpstreamTests.DeadPort()));
    }

    [Theory]
    [InlineData("secret", 0)]
    [InlineData("wrong", 1)]
    public async Task SOCKS_users_say_who_they_are(string password, byte expected)
    {
        await using var proxy = await StartAsync("socks5", Loopback + ", users: { alice: secret }");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(new byte[] { 5, 2, 0, 2 });
        Assert.Equal("\u0005\u0002", await client.HearAsync(2));
        await client.SendAsync((byte[])[1, 5, .. "alice"u8, (byte)password.Length, .. Encoding.ASCII.GetBytes(password)]);

        Assert.Equal($"\u0001{(char)expected}", await client.HearAsync(2));
    }

    [Theory]
    [InlineData(new byte[] { 5, 1, 0 })]
    [InlineData(new byte[] { 4, 1, 0, 80, 127, 0, 0, 1, 0 })]
    public async Task Who_does_not_authenticate_or_speaks_another_version_is_closed(byte[] greeting)
    {
        await using var proxy = await StartAsync("socks5", Loopback + ", users: { alice: secret }");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(greeting);
        var rest = new byte[10];
        try
        {
            while (await client.ReceiveAsync(rest) > 0)
            {
                Assert.Equal([5, 0xff], rest[..2]);
            }
        }
        catch (SocketException)
        {
            // Reset: as good an end.
        }
    }

    [Theory]
    [InlineData("allow: []", "at least one destination")]
    [InlineData("allow: [ { hosts: ['*'], ports: [] } ]", "a destination needs ports")]
    [InlineData("allow: [ { ports: [22] } ]", "a destination needs ports")]
    [InlineData("allow: [ { hosts: ['a b'], ports: [22] } ]", "is no name")]
    [InlineData("allow: [ { hosts: ['*'], ports: [22] } ], users: { 'a:b': x }", "without ':'")]
    [InlineData("", "allow")]
    public async Task Configurations_that_make_no_sense_are_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync("socks5", options));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Asks for a destination; the code of the answer.</summary>
    private static async Task<int> SocksAsync(Socket client, string host, int port)
    {
        await client.SendAsync(new byte[] { 5, 1, 0 });
        Assert.Equal("\u0005\0", await client.HearAsync(2));
        byte[] address = IPAddress.TryParse(host, out var ip) ? [1, .. ip.GetAddressBytes()] : [3, (byte)host.Length, .. Encoding.ASCII.GetBytes(host)];
        await client.SendAsync((byte[])[5, 1, 0, .. address, (byte)(port >> 8), (byte)port]);
        return (await client.HearAsync(10))[1];
    }

    private static Task<TestProxy> StartAsync(string filter, string options) => TestProxy.StartAsync(
        $$"""
        listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { {{filter}}: { {{options}} } } ] } }
        """,
        components: [typeof(HttpConnectFilter), typeof(Socks5Filter), typeof(ConnectionLogFilter)]);
}
