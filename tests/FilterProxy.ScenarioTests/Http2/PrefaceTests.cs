using System.Net.Security;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>How a connection's protocol is found: by ALPN over TLS, by the first bytes in the clear.</summary>
public sealed class PrefaceTests : Http2Scenario
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Both_protocols_are_served_on_one_port(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["X-Forwarded-Proto"] + " " + r.Headers["Via"]));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        await using var old = await proxy.ConnectHttp1Async();

        var scheme = transport == TestTransport.H2 ? "https" : "http";
        Assert.Equal(scheme + " 2.0 filterproxy", (await client.RoundTripAsync()).Text);
        Assert.Equal(scheme + " 1.1 filterproxy", (await old.RoundTripAsync(Get)).Text);
    }

    [Fact]
    public async Task A_preface_is_recognised_however_it_is_cut()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        byte[] begin = [.. H2Client.Preface, .. H2Frame.Settings((1, 0)).ToBytes(), .. H2Client.HeadersFrame(1, end: true).ToBytes()];
        for (var at = 1; at <= H2Client.Preface.Length; at++)
        {
            await using var client = H2Client.Silent(await proxy.ConnectStreamAsync());
            await client.SendAsync(begin[..at]);
            await Task.Yield();
            await client.SendAsync(begin[at..]);

            Assert.Equal(200, (await client.ReadResponseAsync(1)).Status);
        }
    }

    [Fact]
    public async Task A_preface_that_comes_byte_by_byte_is_recognised()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = H2Client.Silent(await proxy.ConnectStreamAsync());
        foreach (var b in H2Client.Preface.ToArray())
        {
            await client.SendAsync([b]);
            await Task.Yield();
        }

        await client.SendAsync(H2Frame.Settings((1, 0)), H2Client.HeadersFrame(1, end: true));

        Assert.Equal(200, (await client.ReadResponseAsync(1)).Status);
    }

    [Theory]
    [InlineData("P", "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PR", "OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PUT / HT", "TP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_request_that_begins_like_a_preface_is_served(string begin, string rest)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectHttp1Async();

        await client.SendAsync(begin);
        await Task.Yield();

        Assert.Equal(200, (await client.RoundTripAsync(rest)).Status);
    }

    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 505)]
    [InlineData("PRI * HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("PRI\r\n\r\n", 400)]
    public async Task A_broken_preface_is_answered_as_the_bad_request_it_is(string bytes, int status)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectHttp1Async();

        Assert.Equal(status, (await client.RoundTripAsync(bytes)).Status);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task A_client_that_stops_within_the_preface_is_closed_after_the_header_timeout()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, "{ limits: { header_timeout: 200ms } }");
        await using var client = await proxy.ConnectHttp1Async();

        await client.SendAsync("PRI * HTTP/2.0\r\n");

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Equal(1, proxy.Counts["filterproxy.timeout timeout=header_timeout"]);
    }

    [Fact]
    public async Task Http1_after_ALPN_chose_h2_is_a_connection_error()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2);
        await using var client = new RawClient(await proxy.ConnectStreamAsync());

        await client.SendAsync(Get);

        await client.ReadToEndAsync();
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_listener_without_http2_does_not_offer_it()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.Tls);

        await using var stream = (SslStream)await proxy.ConnectStreamAsync([SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]);

        Assert.Equal(SslApplicationProtocol.Http11, stream.NegotiatedApplicationProtocol);
    }

    [Fact]
    public async Task Http2_is_preferred_where_both_are_offered()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2);

        await using var stream = (SslStream)await proxy.ConnectStreamAsync([SslApplicationProtocol.Http11, SslApplicationProtocol.Http2]);

        Assert.Equal(SslApplicationProtocol.Http2, stream.NegotiatedApplicationProtocol);
    }

    [Fact]
    public async Task Http3_that_is_not_there_is_one_line_at_the_start()
    {
        await using var proxy = await TestProxy.StartAsync(
            "listeners: { web: { address: \"127.0.0.1:0\", protocols: [http1, http3] } }\nroutes: [ { name: all, respond: { status: 204 } } ]\n");

        Assert.Single(proxy.LogLines, line => line.Contains("does not speak HTTP/3", StringComparison.Ordinal));
        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task Http3_that_a_reload_adds_to_a_listener_that_runs_is_said_to_wait_for_a_restart()
    {
        static string Config(string protocols) =>
            $"listeners: {{ web: {{ address: \"127.0.0.1:0\", protocols: [{protocols}] }} }}\nroutes: [ {{ name: all, respond: {{ status: 204 }} }} ]\n";
        await using var proxy = await TestProxy.StartAsync(Config("http1"));

        await proxy.ReloadAsync(Config("http1, http3"));
        await proxy.ReloadAsync(Config("http1, http3"));

        Assert.Single(proxy.LogLines, line => line.Contains("does not speak HTTP/3: it begins with the listener", StringComparison.Ordinal));
        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
    }
}
