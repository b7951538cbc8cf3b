using FilterProxy.Filters.Cache;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>What a stranger may send without others getting its answer.</summary>
public sealed class CachePoisonTests
{
    [Theory]
    [InlineData("X-Original-URL", "/admin")]
    [InlineData("x-rewrite-url", "/admin")]
    [InlineData("X-HTTP-Method-Override", "POST")]
    [InlineData("X-Host", "evil.example")]
    [InlineData("X-Forwarded-Scheme", "http")]
    public async Task An_answer_to_a_request_with_an_overriding_field_is_not_kept(string name, string value)
    {
        using var rig = new CacheRig();

        Assert.False(await rig.IsKeptAsync((name, value)));
        Assert.Equal("FilterProxy; fwd=bypass", (await rig.GetAsync("/", (name, value))).Response.Headers["cache-status"]);
    }

    [Theory]
    [InlineData("x-forwarded-host", "a.example", "b.example")]
    [InlineData("x-forwarded-proto", "http", "https")]
    [InlineData("x-forwarded-port", "80", "81")]
    [InlineData("x-forwarded-prefix", "/a", "/b")]
    [InlineData("forwarded", "for=1.1.1.1;host=a", "for=1.1.1.1;host=b")]
    public async Task What_a_trusted_proxy_says_of_the_address_is_in_the_key(string name, string one, string other)
    {
        using var rig = new CacheRig();
        await rig.GetAsync("/", (name, one));
        await rig.GetAsync("/", (name, other));

        Assert.Equal(2, rig.Asked.Count);
    }

    [Fact]
    public async Task The_address_of_the_client_is_not()
    {
        using var rig = new CacheRig();
        await rig.GetAsync("/", ("forwarded", "for=1.1.1.1;host=a"), ("x-forwarded-for", "1.1.1.1"));
        await rig.GetAsync("/", ("forwarded", "for=2.2.2.2;host=a"), ("x-forwarded-for", "2.2.2.2"));

        Assert.Single(rig.Asked);
    }

    [Fact]
    public async Task A_GET_with_a_body_is_neither_answered_nor_kept()
    {
        using var rig = new CacheRig();
        await rig.SendAsync(TestExchange.Create("GET", "/", "x"u8.ToArray()));
        await rig.GetAsync();
        await rig.SendAsync(TestExchange.Create("GET", "/", "x"u8.ToArray()));

        Assert.Equal(3, rig.Asked.Count);
    }

    [Fact]
    public async Task A_line_break_in_the_path_makes_no_other_key()
    {
        using var rig = new CacheRig();
        await rig.GetAsync("/a", ("x-forwarded-host", "b"));
        await rig.GetAsync("/a%0AX-Forwarded-Host=b");

        Assert.Equal(2, rig.Asked.Count);
    }

    [Fact]
    public async Task An_address_longer_than_a_key_passes_by()
    {
        using var rig = new CacheRig();
        var path = "/" + new string('x', CacheKey.Longest);
        await rig.GetAsync(path);
        await rig.GetAsync(path);

        Assert.Equal(2, rig.Asked.Count);
    }

    [Theory]
    [InlineData("/api/x", "", "")]
    [InlineData("/", "cookie", "session=1")]
    [InlineData("/", "x-debug", "1")]
    public async Task What_the_options_name_passes_by(string path, string name, string value)
    {
        using var rig = new CacheRig(new CacheOptions { Bypass = new CacheBypassOptions { Paths = ["/api/"], Cookies = ["session"], Headers = ["X-Debug"] } });
        (string, string)[] fields = name.Length > 0 ? [(name, value)] : [];
        await rig.GetAsync(path, fields);
        await rig.GetAsync(path, fields);
        Assert.Equal(2, rig.Asked.Count);

        await rig.GetAsync("/other");
        await rig.GetAsync("/other");
        Assert.Equal(3, rig.Asked.Count);
    }

    [Fact]
    public async Task A_local_reply_is_not_kept()
    {
        using var rig = new CacheRig();
        using var exchange = TestExchange.Get("/").WithResponse(200, "x", ("cache-control", "max-age=60"));
        await rig.Filter.OnRequestAsync(exchange);
        exchange.Reply(200, "maintenance", "closed"u8.ToArray());
        exchange.Response.Headers.Set("cache-control", "max-age=60");
        await rig.Filter.OnResponseAsync(exchange);

        Assert.Equal(BodyUse.None, rig.Filter.UseResponseBody(exchange));
    }

    [Fact]
    public async Task A_reply_that_replaces_the_response_after_the_cache_saw_it_is_not_kept()
    {
        using var rig = new CacheRig();
        using var exchange = TestExchange.Get("/").WithResponse(200, "x", ("cache-control", "max-age=60"));
        await rig.Filter.OnRequestAsync(exchange);
        await rig.Filter.OnResponseAsync(exchange);
        exchange.Reply(200, "closed", "closed"u8.ToArray());

        Assert.Equal(BodyUse.None, rig.Filter.UseResponseBody(exchange));
        rig.Filter.OnLogging(exchange);
    }
}
