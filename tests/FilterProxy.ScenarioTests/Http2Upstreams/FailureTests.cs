using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2Upstreams;

/// <summary>What an HTTP/2 upstream may do wrong, and what the client gets.</summary>
public sealed class FailureTests
{
    private const string H2c = "protocol: h2c";
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    private readonly ExchangeLog _log = new();

    [Theory]
    [EachProtocol]
    public async Task An_upstream_that_cannot_be_reached_is_a_502(TestTransport transport)
    {
        using var dead = new DeadPort();
        await using var proxy = await _log.StartAsync(dead.Port, cluster: H2c, transport: transport);

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("connect_failed", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol]
    public async Task A_connect_that_fails_goes_to_another_endpoint(TestTransport transport)
    {
        using var dead = new DeadPort();
        await using var upstream = await Http2Upstream.StartAsync(async x => await x.Request.Body.CopyToAsync(x.Response.Body));
        await using var proxy = await _log.StartAsync($"\"127.0.0.1:{dead.Port}\", \"127.0.0.1:{upstream.Port}\"", cluster: H2c, transport: transport);

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("body", (await proxy.SendAsync(Post)).Text);
        }

        Assert.Equal(3, (await _log.NextAsync()).Attempts + (await _log.NextAsync()).Attempts);
    }

    [Theory]
    [EachProtocol]
    public async Task A_connect_that_takes_too_long_is_a_504(TestTransport transport)
    {
        using var full = new FullBacklog();
        await using var proxy = await _log.StartAsync(full.Port, cluster: H2c + ", connect_timeout: 200ms", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("connect_timeout", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol(Get)]
    [EachProtocol(Post)]
    public async Task A_refused_stream_is_sent_again_whatever_the_method(string request, TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            if (s.Number == 1)
            {
                s.Reset(7);
            }
            else
            {
                s.Headers(end: false, (":status", "200")).Data("again", end: true);
            }
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal("again", (await proxy.SendAsync(request)).Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_stream_refused_at_whatever_moment_of_its_body_is_sent_again(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            // The client repeats by itself first: seldom enough that no request meets it twice.
            if (s.Number % 8 == 1)
            {
                s.Reset(7);
            }
            else
            {
                s.Headers(end: false, (":status", "200")).Data("again", end: true);
            }
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);
        await using var client = await proxy.ConnectAsync();

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal((i, "again"), (i, (await client.RoundTripAsync(Post)).Text));
        }
    }

    [Theory]
    [EachProtocol]
    public async Task Streams_that_are_always_refused_end_in_a_502(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Reset(7));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal(502, (await proxy.SendAsync(Post)).Status);
        // The framework's client sends each of our attempts several times by itself, as many as it finds connections for.
        Assert.True(upstream.Requests is > 1 and < 50, $"{upstream.Requests} requests");
    }

    [Theory]
    [EachProtocol(Get)]
    [EachProtocol(Post)]
    public async Task A_request_beyond_a_goaway_is_sent_again_on_another_connection(string request, TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            if (s.Connection == 1)
            {
                s.GoAway(0, 0);
            }
            else
            {
                s.Headers(end: false, (":status", "200")).Data("again", end: true);
            }
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal("again", (await proxy.SendAsync(request)).Text);
        Assert.Equal(2, upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task What_a_goaway_still_covers_is_answered(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            s.GoAway(s.Id, 0);
            s.Headers(end: false, (":status", "200")).Data("last", end: true);
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal("last", (await proxy.SendAsync(Get)).Text);
        Assert.Equal("last", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(2, upstream.Connections);
    }

    [Theory]
    [EachProtocol(8, 502, "upstream_closed")]
    [EachProtocol(2, 502, "upstream_closed")]
    [EachProtocol(1, 502, "bad_response")]
    [EachProtocol(11, 503, "overloaded")]
    public async Task A_reset_before_the_head_is_told_by_its_code(int code, int status, string reason, TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Reset(code));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal(status, (await proxy.SendAsync(Post)).Status);
        Assert.Equal(reason, (await _log.NextAsync()).Reason);
        Assert.Equal(1, upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task A_reset_in_the_middle_of_the_body_is_told_by_its_code_however_the_two_race(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Reset(11));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);
        var request = $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n{new string('x', 50_000)}";

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => proxy.SendAsync(request)));

        Assert.All(answers, response => Assert.Equal(503, response.Status));
    }

    [Theory]
    [EachProtocol]
    public async Task A_connection_that_ends_before_the_head_is_a_502(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Close());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal(502, (await proxy.SendAsync(Post)).Status);
        Assert.Equal("upstream_closed", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol("reset")]
    [EachProtocol("close")]
    [EachProtocol("short")]
    [EachProtocol("long")]
    public async Task A_body_that_breaks_off_never_looks_complete(string how, TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            (string, string)[] fields = how is "short" or "long" ? [(":status", "200"), ("content-length", "5")] : [(":status", "200")];
            s.Headers(end: false, fields).Data("abcd", end: how == "short");
            switch (how)
            {
                case "reset":
                    s.Reset(2);
                    break;
                case "close":
                    s.Close();
                    break;
                case "long":
                    s.Data("efgh", end: true);
                    break;
            }
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Get);
        var all = await client.ReadToEndAsync();

        Assert.DoesNotContain("\r\n0\r\n", all, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdefgh", all, StringComparison.Ordinal);
        Assert.True(client.WasReset || !all.EndsWith("abcde", StringComparison.Ordinal));
        Assert.Equal("upstream_body_failed", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol]
    public async Task A_client_that_leaves_resets_the_stream_and_nothing_else(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            s.Headers(end: false, (":status", "200")).Data("x", end: s.Number == 2);
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await client.ReadLineAsync();
            client.Reset();
        }

        await Poll.UntilAsync(() => upstream.Resets.Contains((1, 8)));
        Assert.Equal("x", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(1, upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_head_that_does_not_come_is_a_504(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(_ => { });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c + ", response_timeout: 200ms", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("upstream_response_timeout", (await _log.NextAsync()).Reason);
        await Poll.UntilAsync(() => upstream.Resets.Contains((1, 8)));
    }

    [Theory]
    [EachProtocol]
    public async Task An_attempt_that_takes_too_long_is_a_504(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(_ => { });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c + ", per_try_timeout: 200ms", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("per_try_timeout", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol]
    public async Task A_body_that_stalls_is_cut(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "200")).Data("x", end: false));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c + ", read_timeout: 200ms", transport: transport);

        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await client.ReadToEndAsync();

        Assert.Equal("upstream_read_timeout", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol]
    public async Task An_upstream_that_takes_no_body_is_a_504(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x => Task.Delay(Timeout.Infinite, x.RequestAborted));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c + ", write_timeout: 200ms", transport: transport);

        var response = await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n{new string('x', 3_000_000)}");

        Assert.Equal(504, response.Status);
        Assert.Equal("upstream_write_timeout", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol]
    public async Task Over_the_most_connections_requests_wait_and_then_get_503(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(
            x => Task.Delay(Timeout.Infinite, x.RequestAborted), limits: l => l.MaxStreamsPerConnection = 1);
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c + ", connect_timeout: 300ms, pool: { max: 1 }", transport: transport);
        await using var first = await proxy.ConnectAsync();
        await first.SendAsync(Get);
        await Poll.UntilAsync(() => upstream.Connections == 1);

        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("pool_exhausted", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [EachProtocol]
    public async Task A_head_with_a_bad_length_is_a_502(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: true, (":status", "200"), ("content-length", "5x")));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [EachProtocol("x-bad", "a\r\nx-split: b")]
    [EachProtocol("x-bad", "a\nx-split: b")]
    [EachProtocol("x-bad", "a\0b")]
    [EachProtocol("x-bad\r\nx-split", "b")]
    [EachProtocol("x bad", "b")]
    [EachProtocol("x-bad:", "b")]
    public async Task A_field_that_would_be_another_in_http1_does_not_pass(string name, string value, TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "200"), (name, value)).Data("", end: true));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(Get);

        Assert.False(response.Headers.Contains("x-split"));
        Assert.DoesNotContain((byte)0, client.Received);
        Assert.DoesNotContain("x bad", response.Headers.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [EachProtocol]
    public async Task A_head_over_the_limit_is_a_502_and_the_connection_lives_on(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x =>
        {
            x.Response.Headers["x-large"] = new string('x', x.Request.Path == "/large" ? 100_000 : 10);
            return x.Response.WriteAsync("ok");
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);

        Assert.Equal(502, (await proxy.SendAsync("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal("ok", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(1, upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task The_endpoint_counts_what_is_under_way(TestTransport transport)
    {
        var answer = new TaskCompletionSource();
        await using var upstream = await Http2Upstream.StartAsync(_ => answer.Task);
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: H2c, transport: transport);
        var endpoint = proxy.Engine.Snapshot!.Clusters["origin"].Endpoints[0];

        var running = proxy.SendAsync(Get);
        await Poll.UntilAsync(() => endpoint.InFlight == 1);
        answer.SetResult();
        await running;

        await Poll.UntilAsync(() => endpoint.InFlight == 0);
    }
}
