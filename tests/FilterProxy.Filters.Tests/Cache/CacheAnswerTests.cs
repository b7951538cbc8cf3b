using FilterProxy.Filters.Cache;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>How requests are answered from what is kept, and asked anew.</summary>
public sealed class CacheAnswerTests
{
    [Fact]
    public async Task A_hit_is_the_kept_response_with_its_age()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("x-a", "1"), ("x-a", "2"), ("content-type", "text/x"));
        var first = await rig.GetAsync();
        rig.Advance(7);
        var second = await rig.GetAsync();

        Assert.Equal("FilterProxy; fwd=uri-miss; stored", first.Response.Headers["cache-status"]);
        Assert.Equal((200, "hello", "cache_hit"), (second.Status, second.BodyText, second.Reason));
        Assert.Equal(("7", "text/x", "FilterProxy; hit; ttl=53"), (second.Response.Headers["age"], second.Response.Headers["content-type"], second.Response.Headers["cache-status"]));
        Assert.Single(rig.Asked);
    }

    [Fact]
    public async Task HEAD_is_answered_from_what_GET_left()
    {
        using var rig = new CacheRig();
        await rig.GetAsync();
        var head = await rig.SendAsync(TestExchange.Create("HEAD", "/"));

        Assert.Equal((200, "cache_hit"), (head.Status, head.Reason));
    }

    [Theory]
    [InlineData("https://example.com/a?b", "http://example.com/a?b")]
    [InlineData("http://example.com/a", "http://example.org/a")]
    [InlineData("http://example.com/a", "http://example.com/A")]
    [InlineData("http://example.com/a", "http://example.com/a?")]
    [InlineData("http://example.com/a?b", "http://example.com/a?c")]
    public async Task Scheme_host_path_and_query_tell_answers_apart(string one, string other)
    {
        using var rig = new CacheRig();
        await rig.SendAsync(To(one));
        await rig.SendAsync(To(other));

        Assert.Equal(2, rig.Asked.Count);
    }

    [Theory]
    [InlineData("http://Example.com/a", "http://example.com:80/a")]
    [InlineData("https://example.com:443/a", "https://example.COM/a")]
    public async Task The_same_host_written_differently_is_the_same(string one, string other)
    {
        using var rig = new CacheRig();
        await rig.SendAsync(To(one));
        await rig.SendAsync(To(other));

        Assert.Single(rig.Asked);
    }

    [Fact]
    public async Task The_key_can_have_more()
    {
        using var rig = new CacheRig(new CacheOptions { Key = Template.Parse("%REQ(x-tenant)%") });
        await rig.GetAsync("/", ("x-tenant", "a"));
        await rig.GetAsync("/", ("x-tenant", "b"));
        await rig.GetAsync("/", ("x-tenant", "a"));

        Assert.Equal(2, rig.Asked.Count);
    }

    [Theory]
    [InlineData("1", "1", true)]
    [InlineData("1", "2", false)]
    [InlineData("1", null, false)]
    [InlineData(null, "1", false)]
    [InlineData(null, null, true)]
    [InlineData("a,b", "a, b", true)]
    [InlineData("a,b", "b,a", false)]
    public async Task Vary_tells_requests_apart(string? one, string? other, bool same)
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("vary", "Foo"));
        await rig.GetAsync("/", one is null ? [] : [("foo", one)]);
        await rig.GetAsync("/", other is null ? [] : [("foo", other)]);

        Assert.Equal(same ? 1 : 2, rig.Asked.Count);
    }

    [Fact]
    public async Task Languages_in_another_order_and_case_are_the_same()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("vary", "Accept-Language"));
        await rig.GetAsync("/", ("accept-language", "en, de"));
        await rig.GetAsync("/", ("accept-language", "De,eN"));

        Assert.Single(rig.Asked);
    }

    [Theory]
    [InlineData("if-none-match", "\"v1\"", 304)]
    [InlineData("if-none-match", "W/\"v1\", \"x\"", 304)]
    [InlineData("if-none-match", "*", 304)]
    [InlineData("if-none-match", "\"v2\"", 200)]
    [InlineData("if-modified-since", "now", 304)]
    [InlineData("if-modified-since", "before", 200)]
    public async Task The_clients_conditions_are_judged(string name, string value, int status)
    {
        using var rig = new CacheRig();
        rig.Answering(("cache-control", "max-age=60"), ("etag", "\"v1\""), ("last-modified", rig.Date(-100)), ("content-type", "text/x"));
        await rig.GetAsync();
        var answer = await rig.GetAsync("/", (name, value is "now" ? rig.Date() : value is "before" ? rig.Date(-200) : value));

        Assert.Equal((status, 1), (answer.Status, rig.Asked.Count));
        Assert.Equal("\"v1\"", answer.Response.Headers["etag"]);
        Assert.Equal(status == 304 ? null : "text/x", answer.Response.Headers["content-type"]);
    }

    [Theory]
    [InlineData("bytes=1-2", 206, "el", "bytes 1-2/5")]
    [InlineData("bytes=-2", 206, "lo", "bytes 3-4/5")]
    [InlineData("bytes=3-", 206, "lo", "bytes 3-4/5")]
    [InlineData("bytes=3-900", 206, "lo", "bytes 3-4/5")]
    [InlineData("bytes=5-", 416, "", "bytes */5")]
    [InlineData("bytes=2-1", 200, "hello", null)]
    [InlineData("lines=1-2", 200, "hello", null)]
    [InlineData("bytes=0-3,1-4", 200, "hello", null)]
    public async Task Ranges_are_parts_of_the_whole(string range, int status, string body, string? contentRange)
    {
        using var rig = new CacheRig();
        await rig.GetAsync();
        var answer = await rig.GetAsync("/", ("range", range));

        Assert.Equal((status, body, contentRange), (answer.Status, answer.BodyText, answer.Response.Headers["content-range"]));
    }

    [Fact]
    public async Task Several_ranges_are_parts_with_a_boundary()
    {
        using var rig = new CacheRig();
        await rig.GetAsync();
        var answer = await rig.GetAsync("/", ("range", "bytes=0-0,4-4"));
        var type = answer.Response.Headers["content-type"]!;

        Assert.StartsWith("multipart/byteranges; boundary=", type, StringComparison.Ordinal);
        var boundary = type[(type.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Assert.Equal(
            $"\r\n--{boundary}\r\nContent-Range: bytes 0-0/5\r\n\r\nh\r\n--{boundary}\r\nContent-Range: bytes 4-4/5\r\n\r\no\r\n--{boundary}--\r\n",
            answer.BodyText);
    }

    [Theory]
    [InlineData("\"v1\"", 206)]
    [InlineData("\"v2\"", 200)]
    public async Task If_Range_must_name_what_is_kept(string tag, int status)
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("etag", "\"v1\""));
        await rig.GetAsync();

        Assert.Equal(status, (await rig.GetAsync("/", ("range", "bytes=0-1"), ("if-range", tag))).Status);
    }

    [Fact]
    public async Task What_is_stale_is_asked_for_by_its_validators_and_made_fresh_by_304()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("etag", "\"v1\""), ("x-a", "1"), ("x-b", "1"));
        await rig.GetAsync();
        rig.Advance(61);
        rig.Origin = (304, "", [("cache-control", "max-age=600"), ("etag", "\"v1\""), ("x-a", "2")]);
        var second = await rig.GetAsync("/", ("if-none-match", "\"v0\""), ("range", "bytes=0-1"));
        Assert.Equal(("\"v1\"", null), (rig.Asked[1].Headers["if-none-match"], rig.Asked[1].Headers["range"]));
        Assert.Equal((206, "he", "2", "1"), (second.Status, second.BodyText, second.Response.Headers["x-a"], second.Response.Headers["x-b"]));
        Assert.Equal("FilterProxy; fwd=stale; fwd-status=304; stored", second.Response.Headers["cache-status"]);

        rig.Advance(500);
        Assert.Equal("hello", (await rig.GetAsync()).BodyText);
        Assert.Equal(2, rig.Asked.Count);
    }

    [Fact]
    public async Task The_clients_own_conditions_reach_the_origin_when_nothing_is_kept()
    {
        using var rig = new CacheRig();
        await rig.GetAsync("/", ("if-none-match", "\"v0\""));

        Assert.Equal("\"v0\"", rig.Asked[0].Headers["if-none-match"]);
    }

    [Theory]
    [InlineData("no-cache", false)]
    [InlineData("max-age=5", false)]
    [InlineData("max-age=20", true)]
    [InlineData("min-fresh=55", false)]
    [InlineData("min-fresh=30", true)]
    public async Task The_clients_wishes_count(string wish, bool answered)
    {
        using var rig = new CacheRig();
        await rig.GetAsync();
        rig.Advance(10);
        await rig.GetAsync("/", ("cache-control", wish));

        Assert.Equal(answered ? 1 : 2, rig.Asked.Count);
    }

    [Fact]
    public async Task The_clients_wishes_do_not_count_where_the_option_says_so()
    {
        using var rig = new CacheRig(new CacheOptions { RequestDirectives = false });
        await rig.GetAsync();
        await rig.GetAsync("/", ("cache-control", "no-cache"), ("pragma", "no-cache"));

        Assert.Single(rig.Asked);
    }

    [Fact]
    public async Task Max_stale_takes_what_is_stale_and_must_revalidate_forbids_it()
    {
        using var rig = new CacheRig();
        await rig.GetAsync();
        rig.Advance(70);
        Assert.Equal("hello", (await rig.GetAsync("/", ("cache-control", "max-stale=20"))).BodyText);
        Assert.Single(rig.Asked);

        rig.Answering(("cache-control", "max-age=60, must-revalidate"));
        await rig.GetAsync();
        rig.Advance(70);
        await rig.GetAsync("/", ("cache-control", "max-stale=20"));
        Assert.Equal(3, rig.Asked.Count);
    }

    [Fact]
    public async Task Only_if_cached_never_asks()
    {
        using var rig = new CacheRig();
        var answer = await rig.GetAsync("/", ("cache-control", "only-if-cached"));

        Assert.Equal((504, "not_cached", 0), (answer.Status, answer.Reason, rig.Asked.Count));
    }

    [Fact]
    public async Task Without_a_name_there_is_no_Cache_Status()
    {
        using var rig = new CacheRig(new CacheOptions { StatusName = "" });
        await rig.GetAsync();

        Assert.Null((await rig.GetAsync()).Response.Headers["cache-status"]);
    }

    [Theory]
    [InlineData("POST", 200, true)]
    [InlineData("PUT", 204, true)]
    [InlineData("DELETE", 302, true)]
    [InlineData("M-SEARCH", 200, true)]
    [InlineData("POST", 500, false)]
    [InlineData("OPTIONS", 200, false)]
    public async Task Methods_that_change_something_invalidate(string method, int status, bool gone)
    {
        using var rig = new CacheRig();
        await rig.GetAsync();
        var kept = rig.Origin;
        rig.Origin = (status, "", []);
        await rig.SendAsync(TestExchange.Create(method, "/"));
        rig.Origin = kept;
        var before = rig.Asked.Count;
        await rig.GetAsync();

        Assert.Equal(gone ? 1 : 0, rig.Asked.Count - before);
    }

    [Theory]
    [InlineData("location", "/other", true)]
    [InlineData("location", "other", true)]
    [InlineData("content-location", "http://example.com/other", true)]
    [InlineData("location", "http://example.org/other", false)]
    public async Task What_the_answer_names_of_the_same_origin_is_invalid_too(string field, string address, bool gone)
    {
        using var rig = new CacheRig();
        await rig.GetAsync("/other");
        var kept = rig.Origin;
        rig.Origin = (201, "", [(field, address)]);
        await rig.SendAsync(TestExchange.Post("/items", "x"));
        rig.Origin = kept;
        var before = rig.Asked.Count;
        await rig.GetAsync("/other");

        Assert.Equal(gone ? 1 : 0, rig.Asked.Count - before);
    }

    [Fact]
    public async Task The_answer_to_HEAD_renews_or_removes_what_is_kept_for_GET()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("etag", "\"v1\""));
        await rig.GetAsync();
        rig.Advance(61);
        await rig.SendAsync(TestExchange.Create("HEAD", "/"));
        await rig.GetAsync();
        Assert.Equal(2, rig.Asked.Count);

        rig.Advance(61);
        rig.Answering(("cache-control", "max-age=60"), ("etag", "\"v2\""));
        await rig.SendAsync(TestExchange.Create("HEAD", "/"));
        await rig.GetAsync();
        Assert.Equal(4, rig.Asked.Count);
    }

    private static TestExchange To(string address)
    {
        var start = address.IndexOf("://", StringComparison.Ordinal) + 3;
        var path = address.IndexOf('/', start);
        var exchange = TestExchange.Get(address[path..]);
        return (address.StartsWith("https", StringComparison.Ordinal) ? exchange.OverTls() : exchange).WithHost(address[start..path]);
    }
}
