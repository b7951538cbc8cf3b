using FilterProxy.Filters.Redirect;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Redirect;

public sealed class RedirectFilterTests
{
    [Theory]
    [InlineData("example.com", "/a?b=c", 443, "https://example.com/a?b=c")]
    [InlineData("example.com:8080", "/", 443, "https://example.com/")]
    [InlineData("example.com:8080", "/", 8443, "https://example.com:8443/")]
    [InlineData("[::1]:8080", "/", 443, "https://[::1]/")]
    public async Task A_request_in_the_clear_goes_to_https(string host, string target, int port, string expected)
    {
        using var exchange = TestExchange.Get(target).WithHost(host);
        var run = await exchange.RunAsync(new RedirectFilter(new() { Https = true, HttpsPort = port }));
        Assert.Equal((FilterStatus.Stop, 308, "redirect"), (run.Status, exchange.Status, exchange.Reason));
        Assert.Equal(expected, exchange.Response.Headers["location"]);
    }

    [Fact]
    public async Task A_request_over_TLS_is_where_it_should_be()
    {
        using var exchange = TestExchange.Get("/").OverTls();
        Assert.Equal(FilterStatus.Continue, (await exchange.RunAsync(new RedirectFilter(new() { Https = true }))).Status);
    }

    [Fact]
    public async Task A_trusted_proxy_may_have_ended_TLS()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-forwarded-proto", "https");
        Assert.Equal(FilterStatus.Continue, (await exchange.RunAsync(new RedirectFilter(new() { Https = true }))).Status);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task The_status_is_the_one_said(int status)
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(new RedirectFilter(new() { Https = true, Status = status }));
        Assert.Equal(status, exchange.Status);
    }

    [Theory]
    [InlineData("example.com", null)]
    [InlineData("EXAMPLE.com:8080", null)]
    [InlineData("www.example.com", "http://example.com/a")]
    [InlineData("other.test:8080", "http://example.com:8080/a")]
    [InlineData("example.com.", "http://example.com/a")]
    public async Task There_is_one_host(string host, string? expected) =>
        Assert.Equal(expected, await LocationAsync(new() { Host = "example.com" }, "/a", host));

    [Theory]
    [InlineData(WwwPolicy.Remove, "www.example.com", "http://example.com/")]
    [InlineData(WwwPolicy.Remove, "example.com", null)]
    [InlineData(WwwPolicy.Remove, "www.example.com:81", "http://example.com:81/")]
    [InlineData(WwwPolicy.Add, "example.com", "http://www.example.com/")]
    [InlineData(WwwPolicy.Add, "www.example.com", null)]
    [InlineData(WwwPolicy.Add, "localhost", null)]
    [InlineData(WwwPolicy.Add, "192.0.2.1:80", null)]
    [InlineData(WwwPolicy.Add, "[::1]", null)]
    public async Task Hosts_are_written_with_www_or_without(WwwPolicy www, string host, string? expected) =>
        Assert.Equal(expected, await LocationAsync(new() { Www = www }, "/", host));

    [Theory]
    [InlineData(SlashPolicy.Remove, "/a/?b", "/a?b")]
    [InlineData(SlashPolicy.Remove, "/a", null)]
    [InlineData(SlashPolicy.Remove, "/", null)]
    [InlineData(SlashPolicy.Add, "/a?b", "/a/?b")]
    [InlineData(SlashPolicy.Add, "/a/", null)]
    [InlineData(SlashPolicy.Add, "/a.css", null)]
    public async Task Paths_end_with_a_slash_or_without(SlashPolicy slash, string target, string? expected) =>
        Assert.Equal(expected, await LocationAsync(new() { TrailingSlash = slash }, target));

    [Theory]
    [InlineData("/blog/12", 301, "/posts/12")]
    [InlineData("/blog/12?a=b", 301, "/posts/12?a=b")]
    [InlineData("/blog/x", 0, null)]
    [InlineData("/shop/a/b?c", 308, "https://shop.example.com/a/b?c")]
    [InlineData("/find/x?y=z", 308, "/search?q=x&y=z")]
    [InlineData("/bare?y=z", 308, "/x")]
    [InlineData("/same/a?b", 0, null)]
    public async Task Paths_that_moved_are_told(string target, int status, string? expected)
    {
        using var exchange = TestExchange.Get(target);
        await exchange.RunAsync(new RedirectFilter(new()
        {
            Rules =
            [
                new() { Path = @"/blog/(\d+)", To = "/posts/$1", Status = 301 },
                new() { Path = "/shop/(.*)", To = "https://shop.example.com/$1" },
                new() { Path = "/find/(.*)", To = "/search?q=$1" },
                new() { Path = "/bare", To = "/x", KeepQuery = false },
                new() { Path = "/same/(.*)", To = "/same/$1" },
            ],
        }));
        Assert.Equal((status == 0 ? 200 : status, expected), (exchange.Status, exchange.Response.Headers["location"]));
    }

    [Fact]
    public async Task Everything_is_put_right_in_one_step() => Assert.Equal(
        "https://www.example.com/new/x?y",
        await LocationAsync(new() { Https = true, Host = "www.example.com", Rules = [new() { Path = "/old/(.*)", To = "/new/$1" }] }, "/old/x?y"));

    [Theory]
    [InlineData("/x//evil.test/", "/evil.test/")]
    [InlineData("/x/\\evil.test", "/evil.test")]
    [InlineData("/x//\\evil.test", "/evil.test")]
    [InlineData("/x/%2F%2Fevil.test", "/%2F%2Fevil.test")]
    [InlineData("/x/%5Cevil.test", "/%5Cevil.test")]
    [InlineData("/x/a\\b", "/a%5Cb")]
    [InlineData("/x/a%0d%0aset-cookie:%20a=b", "/a%0d%0aset-cookie:%20a=b")]
    [InlineData("/x/%E2%81%84%EF%BC%8Fevil.test", "/%E2%81%84%EF%BC%8Fevil.test")]
    [InlineData("/x/https://evil.test", "/https://evil.test")]
    [InlineData("/x/@evil.test", "/@evil.test")]
    public async Task No_request_can_name_the_host_it_is_sent_to(string target, string expected)
    {
        Assert.Equal(expected, await LocationAsync(new() { Rules = [new() { Path = "/x/(.*)", To = "/$1" }] }, target));
        Assert.Equal("https://a.example" + expected, await LocationAsync(new() { Rules = [new() { Path = "/x/(.*)", To = "https://a.example/$1" }] }, target));
    }

    [Theory]
    [InlineData("user%40evil.test")]
    [InlineData("a!b")]
    [InlineData("")]
    public async Task A_host_that_is_none_is_not_sent_back(string host)
    {
        using var exchange = TestExchange.Get("/").WithHost(host);
        await exchange.RunAsync(new RedirectFilter(new() { Https = true }));
        Assert.Equal((400, "redirect_bad_host", null), (exchange.Status, exchange.Reason, exchange.Response.Headers["location"]));
    }

    [Fact]
    public async Task Some_paths_are_never_redirected() => Assert.Null(
        await LocationAsync(new() { Https = true, Except = ["/.well-known/acme-challenge/"] }, "/.well-known/acme-challenge/token"));

    [Theory]
    [InlineData(TestTransport.Direct, "http://a/new?q")]
    [InlineData(TestTransport.H2c, "http://a/new?q")]
    [InlineData(TestTransport.H2, "https://a/new?q")]
    public async Task Works_over_every_protocol(TestTransport transport, string expected)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, transport, "{ filters: [ { redirect: { host: a, rules: [ { path: /old, to: /new } ] } } ] }", components: typeof(RedirectFilter));
        var response = await proxy.SendAsync("GET /old?q HTTP/1.1\r\nHost: b\r\n\r\n");
        Assert.Equal((308, expected), (response.Status, response.Headers["location"]));
    }

    [Theory]
    [InlineData("rules: [ { path: /a, to: //evil.test } ]")]
    [InlineData("rules: [ { path: /a, to: '/\\evil' } ]")]
    [InlineData("rules: [ { path: '/(.*)', to: 'https://example.com$1' } ]")]
    [InlineData("rules: [ { path: '/(.*)', to: 'https://$1/' } ]")]
    [InlineData("rules: [ { path: '/(.*)', to: 'https://a@b/' } ]")]
    [InlineData("rules: [ { path: '/(.*)', to: 'javascript:$1' } ]")]
    [InlineData("rules: [ { path: '/(.*)', to: '$1' } ]")]
    [InlineData("rules: [ { path: '/(', to: /a } ]")]
    [InlineData("rules: [ { path: /a, to: /b, status: 200 } ]")]
    [InlineData("https: true, status: 304")]
    [InlineData("host: 'a:80'")]
    [InlineData("host: a, www: add")]
    [InlineData("status: 301")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
        1, TestTransport.Sockets, $"{{ filters: [ {{ redirect: {{ {options} }} }} ] }}", components: typeof(RedirectFilter)));

    private static async Task<string?> LocationAsync(RedirectOptions options, string target, string host = "example.com")
    {
        using var exchange = TestExchange.Get(target).WithHost(host);
        await exchange.RunAsync(new RedirectFilter(options));
        return exchange.Response.Headers["location"];
    }
}
