using FilterProxy.Filters.Cache;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>The cache in a proxy, over connections.</summary>
public sealed class CacheProxyTests
{
    private const string Request = "GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task A_second_request_is_answered_from_the_cache(TestTransport transport)
    {
        var body = string.Concat(Enumerable.Range(0, 600_000).Select(i => (char)('a' + (i % 26))));
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(body, ("Cache-Control", "max-age=60"), ("X-A", "1"), ("ETag", "\"v1\"")));
        await using var proxy = await StartAsync(upstream, "", transport);
        await using var client = await proxy.ConnectAsync();
        var first = await client.RoundTripAsync(Request);
        var second = await client.RoundTripAsync(Request);
        var unchanged = await client.RoundTripAsync(Request.Replace("\r\n\r\n", "\r\nIf-None-Match: \"v1\"\r\n\r\n", StringComparison.Ordinal));
        var part = await client.RoundTripAsync(Request.Replace("\r\n\r\n", "\r\nRange: bytes=70000-70003\r\n\r\n", StringComparison.Ordinal));

        Assert.Equal((body, body), (first.Text, second.Text));
        Assert.Equal(("1", "\"v1\"", "600000"), (second.Headers["x-a"], second.Headers["etag"], second.Headers["content-length"]));
        Assert.StartsWith("FilterProxy; hit", second.Headers["cache-status"], StringComparison.Ordinal);
        Assert.Equal((304, ""), (unchanged.Status, unchanged.Text));
        Assert.Equal((206, body.Substring(70_000, 4), "4"), (part.Status, part.Text, part.Headers["content-length"]));
        Assert.Single(upstream.Requests);
        Assert.Equal((3, 1), (proxy.Counts["filterproxy.cache.requests result=hit"], proxy.Counts["filterproxy.cache.requests result=miss"]));
    }

    [Fact]
    public async Task Without_an_answer_kept_the_fields_of_a_hit_are_the_upstreams()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("x", ("Cache-Control", "max-age=60"), ("Date", "Mon, 01 Jan 2029 00:00:00 GMT")));
        await using var proxy = await StartAsync(upstream, "status_name: ''");
        await using var client = await proxy.ConnectAsync();
        var first = await client.RoundTripAsync(Request);
        var second = await client.RoundTripAsync(Request);

        Assert.Equal(first.RawHead.Split("\r\n").Where(l => l.Length > 0).Append("Age: 0").Order(), second.RawHead.Split("\r\n").Where(l => l.Length > 0).Order());
    }

    [Fact]
    public async Task Requests_for_what_is_being_fetched_wait_for_it()
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok("x", ("Cache-Control", "max-age=60"));
        });
        await using var proxy = await StartAsync(upstream, "coalesce_timeout: 30s");
        var answers = Enumerable.Range(0, 8).Select(_ => proxy.SendAsync(Request)).ToList();
        await upstream.WaitForRequestsAsync(1);

        // All of them are at the proxy when the one that asks another thing has been there and back.
        await Poll.UntilAsync(() => proxy.OpenConnections == 8);
        gate.SetResult();

        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal("x", answer.Text));
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [InlineData("coalesce: false", "")]
    [InlineData("coalesce_timeout: 20ms", "")]
    [InlineData("coalesce_timeout: 30s", "Authorization: x\r\n")]
    public async Task They_do_not_wait_where_they_must_not(string options, string field)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok("x", ("Cache-Control", "max-age=60"));
        });
        await using var proxy = await StartAsync(upstream, options);
        var answers = Enumerable.Range(0, 2).Select(_ => proxy.SendAsync(Request.Replace("\r\n\r\n", $"\r\n{field}\r\n", StringComparison.Ordinal))).ToList();
        await upstream.WaitForRequestsAsync(2);
        gate.SetResult();

        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal("x", answer.Text));
    }

    [Fact]
    public async Task Requests_with_other_varying_fields_get_their_own_answer()
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(async r =>
        {
            await gate.Task;
            return UpstreamResponse.Ok(r.Headers["x-a"]!, ("Cache-Control", "max-age=60"), ("Vary", "X-A"));
        });
        await using var proxy = await StartAsync(upstream, "coalesce_timeout: 30s");
        var answers = Enumerable.Range(0, 6).Select(i => proxy.SendAsync(Request.Replace("\r\n\r\n", $"\r\nX-A: {i % 3}\r\n\r\n", StringComparison.Ordinal))).ToList();
        await upstream.WaitForRequestsAsync(1);
        await Poll.UntilAsync(() => proxy.OpenConnections == 6);
        gate.SetResult();

        Assert.Equal(["0", "1", "2", "0", "1", "2"], (await Task.WhenAll(answers)).Select(a => a.Text));
        Assert.Equal(3, upstream.Requests.Count);
    }

    [Fact]
    public async Task Who_waits_goes_on_when_the_first_client_leaves()
    {
        var calls = 0;
        await using var upstream = TestUpstream.Start(async _ => Interlocked.Increment(ref calls) == 1
            ? await Task.FromResult(UpstreamResponse.Never())
            : UpstreamResponse.Ok("x", ("Cache-Control", "max-age=60")));
        await using var proxy = await StartAsync(upstream, "coalesce_timeout: 30s");
        var leaver = await proxy.ConnectAsync();
        await leaver.SendAsync(Request);
        await upstream.WaitForRequestsAsync(1);
        var answer = proxy.SendAsync(Request);
        await Poll.UntilAsync(() => proxy.OpenConnections == 2);
        leaver.Reset();

        Assert.Equal("x", (await answer).Text);
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_not_kept()
    {
        var calls = 0;
        await using var upstream = TestUpstream.Start(_ => Interlocked.Increment(ref calls) == 1
            ? UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n").ThenClose()
            : UpstreamResponse.Ok("whole", ("Cache-Control", "max-age=60")));
        await using var proxy = await StartAsync(upstream);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Request);
            await client.ReadToEndAsync();
        }

        Assert.Equal("whole", (await proxy.SendAsync(Request)).Text);
    }

    [Fact]
    public async Task What_is_stale_is_sent_while_it_is_fetched_anew()
    {
        await using var upstream = TestUpstream.Start(r => r.Headers["if-none-match"] == "\"v1\""
            ? UpstreamResponse.Create(304, "", ("Cache-Control", "max-age=60"), ("X-A", "new"))
            : UpstreamResponse.Ok("x", ("Cache-Control", "max-age=0, stale-while-revalidate=60"), ("ETag", "\"v1\""), ("X-A", "old")));
        await using var proxy = await StartAsync(upstream);
        var request = Request.Replace("\r\n\r\n", "\r\nCookie: a=b\r\nAccept: text/x\r\n\r\n", StringComparison.Ordinal);
        await proxy.SendAsync(request);
        Assert.Equal("old", (await proxy.SendAsync(request)).Headers["x-a"]);

        await upstream.WaitForRequestsAsync(2);
        var behind = upstream.Requests[1];
        Assert.Equal(("/a?b", "example.com", "text/x", null), (behind.Target, behind.Headers["host"], behind.Headers["accept"], behind.Headers["cookie"]));
        await Poll.UntilAsync(async () => (await proxy.SendAsync(request)).Headers["x-a"] == "new");
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Theory]
    [InlineData("stale-if-error=60", "", "kept")]
    [InlineData("x", "stale_if_error: 1m", "kept")]
    [InlineData("x", "", "")]
    [InlineData("must-revalidate", "stale_if_error: 1m", "")]
    public async Task What_is_stale_is_sent_instead_of_an_error(string directive, string options, string expected)
    {
        var calls = 0;
        await using var upstream = TestUpstream.Start(_ => Interlocked.Increment(ref calls) switch
        {
            1 => UpstreamResponse.Ok("kept", ("Cache-Control", $"max-age=0, {directive}"), ("ETag", "\"v1\"")),
            2 => UpstreamResponse.Create(503, "broken"),
            _ => UpstreamResponse.CloseNow(),
        });
        await using var proxy = await StartAsync(upstream, options);
        await proxy.SendAsync(Request);
        var broken = await proxy.SendAsync(Request);
        var gone = await proxy.SendAsync(Request);

        Assert.Equal(expected.Length > 0 ? (200, "kept") : (503, "broken"), (broken.Status, broken.Text));
        Assert.Equal(expected.Length > 0 ? (200, "kept") : (502, gone.Text), (gone.Status, gone.Text));
    }

    [Theory]
    [InlineData("memory: 1KiB", "memory: at least 1MiB")]
    [InlineData("max_object: 1GiB", "max_object: more than memory")]
    [InlineData("status_name: 'a b'", "status_name: 'a b' is no token")]
    [InlineData("bypass: { paths: [api] }", "bypass.paths: 'api' does not begin with a slash")]
    [InlineData("tag_fields: ['a b']", "tag_fields: 'a b' is no name")]
    [InlineData("heuristic_percent: 101", "must be between 0 and 100")]
    [InlineData("set_cookie: maybe", "maybe")]
    public async Task Wrong_options_are_refused_with_the_reason(string options, string reason)
    {
        await using var upstream = TestUpstream.Start();

        Assert.Contains(reason, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, options))).Message, StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string options = "", TestTransport transport = TestTransport.Direct) => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { cache: { {{options}} } } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """,
        transport,
        typeof(CacheFilter));
}
