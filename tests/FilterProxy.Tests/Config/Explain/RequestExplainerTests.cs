using System.Net;
using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Explain;
using FilterProxy.Host;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FilterProxy.Tests.Config.Explain;

public sealed class RequestExplainerTests : IDisposable
{
    private const string Text = """
        plugins: [AccessLog, Headers]
        http:
          filters: [ headers: { request: { set: { authorization: "Bearer abc", x: "${HOME}", y: "${file:secret}" } } } ]
          route_filters: [ access_log: { format: json } ]
          forwarding: { trusted_proxies: [10.0.0.0/8] }
        listeners:
          web: { address: "127.0.0.1:8443" }
          plain: { address: "127.0.0.1:80" }
        routes:
          - name: admin
            match: { host: example.com, path: "/admin/{rest*}", headers: { cookie: { regex: ".*beta=1.*" } }, listeners: [plain] }
            filters: [ access_log: { path: /dev/stderr } ]
            clusters: [ { cluster: a, weight: 9 }, { cluster: b } ]
            rewrite: { path: "/v2/{rest}" }
          - name: admin-stable
            match: { host: example.com, path: /admin/* }
            filters: [ access_log: off ]
            cluster: a
          - { name: old, match: { path: /old/* }, redirect: { scheme: https, port: 8443 } }
          - { name: key, match: { path: /key, headers: { x-key: "${file:secret}" } }, respond: { body: "${file:secret}" } }
          - { name: post, match: { path: /admin/*, methods: [POST] }, respond: { status: 201, body: hi } }
          - { name: token, match: { path: /token, headers: { authorization: letmein } }, respond: {} }
          - { name: forwarded, match: { path: /f, headers: { x-forwarded-proto: https } }, respond: {} }
        clusters:
          a: { endpoints: ["127.0.0.1:1", { address: "127.0.0.1:2", weight: 3 }] }
          b: { endpoints: ["https://b.internal"], host: b.example }
        """;

    private readonly ConfigFolder _folder = new ConfigFolder().Write("main.yaml", Text).Write("secret", "hunter2\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_says_what_the_request_meets_in_order()
    {
        var explanation = await ExplainAsync("http://example.com/admin/../admin//x?q=1", "cookie: a=b; beta=1");

        Assert.Equal(
            """
            request     GET http://example.com/admin/../admin//x?q=1
            listener    plain (127.0.0.1:80)
            path        /admin/x
            client      127.0.0.1
            route       admin (~/main.yaml:10:5)
                        {rest} is 'x'
            filters     headers: { request: { set: { authorization: ***, x: "${HOME}", y: "${file:secret}" } } }   from http.filters
                        access_log: { format: json, path: /dev/stderr }   from http.route_filters and route
            cluster     a (power_of_two_choices, 90% of requests)
            endpoint    http://127.0.0.1:1, http://127.0.0.1:2 (weight 3)
            chosen      one of 2 that take traffic
            as          /v2/x?q=1 with Host example.com
            cluster     b (power_of_two_choices, 10% of requests)
            endpoint    https://b.internal:443
            chosen      b.internal:443
            as          /v2/x?q=1 with Host b.example

            other routes
              admin-stable: would match, but 'admin' is more specific or comes first
              old: path is /admin/x; the route wants /old/*
              key: path is /admin/x; the route wants /key
              post: method is GET; the route wants POST
              token: path is /admin/x; the route wants /token
              forwarded: path is /admin/x; the route wants /f

            """,
            ExplanationText.Of(explanation, 20).Replace(_folder.Path, "~", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://example.com/admin/x", "cookie: beta=2", "header cookie is 'beta=2'; the route wants one that matches \".*beta=1.*\"")]
    [InlineData("http://example.com/admin/x", "a: b", "header cookie is not there; the route wants one that matches \".*beta=1.*\"")]
    [InlineData("http://other.com/admin/x", "a: b", "host is other.com; the route wants example.com")]
    [InlineData("http://example.com:8443/admin/x", "a: b", "listener is web; the route wants plain")]
    public async Task A_near_miss_says_what_the_request_has_and_the_route_wants(string url, string header, string reason) =>
        Assert.Equal(reason, (await ExplainAsync(url, header)).NearMisses.Single(miss => miss.Route == "admin").Reason);

    [Fact]
    public async Task A_filter_that_the_route_turned_off_is_not_in_its_chain()
    {
        var explanation = await ExplainAsync("http://example.com/admin/x");

        Assert.Equal(("admin-stable", "headers"), (explanation.Route!.Name, Assert.Single(explanation.Filters).Name));
    }

    [Fact]
    public async Task A_redirect_is_shown_with_its_target() =>
        Assert.Equal(new ExplainedRedirect(302, "https://example.com:8443/old/x?y"), (await ExplainAsync("http://example.com/old/x?y")).Route!.Redirect);

    [Fact]
    public async Task A_fixed_response_is_shown()
    {
        Assert.True(ExplainRequest.TryParse("POST", "http://a.b/admin/x", [], out var request, out _));

        Assert.Equal(new ExplainedResponse(201, "hi"), (await ExplainAsync(request)).Route!.Respond);
    }

    [Fact]
    public async Task No_text_from_a_file_is_shown()
    {
        var misses = ExplanationText.Of(await ExplainAsync("http://a/key", "x-key: wrong"), 20);
        var served = ExplanationText.Of(await ExplainAsync("http://a/key", "x-key: hunter2"), 20);

        Assert.Contains("key: header x-key is 'wrong'; the route wants \"${file:secret}\"", misses, StringComparison.Ordinal);
        Assert.Contains("respond     200 '${file:secret}'", served, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", misses + served, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_opens_a_route_is_not_shown() =>
        Assert.Equal("header authorization is not there; the route wants another", (await ExplainAsync("http://a/token")).NearMisses.Single(m => m.Route == "token").Reason);

    [Theory]
    [InlineData("10.0.0.9", "1.2.3.4", "forwarded")]
    [InlineData("192.0.2.1", "192.0.2.1", null)]
    public async Task Forwarding_headers_count_only_from_a_trusted_peer(string from, string client, string? route)
    {
        Assert.True(ExplainRequest.TryParse("GET", "http://a/f", ["x-forwarded-proto: https", "x-forwarded-for: 1.2.3.4"], out var request, out _));

        var explanation = await ExplainAsync(request with { From = IPAddress.Parse(from) });

        Assert.Equal((client, route), (explanation.Client, explanation.Route?.Name));
    }

    [Theory]
    [InlineData("https://example.com/", null, "no listener fits https://example.com/ (name one with --listener: web, plain)")]
    [InlineData("http://example.com/", "wbe", "there is no listener 'wbe' (listeners: web, plain)")]
    [InlineData("http://example.com/nope", null, "no route takes it: 404 no_route")]
    [InlineData("http://example.com/..%2fadmin", null, "the request is refused: 400 bad_request (encoded_dot_segment)")]
    [InlineData("http://exa mple.com/", "web", "the request is refused: 400 bad_request (bad_host)")]
    public async Task What_serves_nothing_says_why(string url, string? listener, string problem)
    {
        Assert.True(ExplainRequest.TryParse("GET", url, [], out var request, out _));

        Assert.Equal(problem, (await ExplainAsync(request with { Listener = listener })).Problem);
    }

    [Theory]
    [InlineData("ftp://a/", "x: y", "expected a URL like 'https://example.com/admin/x' or a path, got 'ftp://a/'")]
    [InlineData("example.com", "x: y", "expected a URL like 'https://example.com/admin/x' or a path, got 'example.com'")]
    [InlineData("/a", "x", "expected a header like 'name: value', got 'x'")]
    [InlineData("/a\r\nX: y", "x: y", "a control character cannot be part of a request")]
    public void What_is_no_request_is_refused(string url, string header, string error)
    {
        Assert.False(ExplainRequest.TryParse("GET", url, [header], out _, out var actual));
        Assert.Equal(error, actual);
    }

    private Task<Explanation> ExplainAsync(string url, params string[] headers)
    {
        Assert.True(ExplainRequest.TryParse("GET", url, headers, out var request, out var error), error);
        return ExplainAsync(request);
    }

    private async Task<Explanation> ExplainAsync(ExplainRequest request)
    {
        await using var engine = new Engine(new EngineOptions
        {
            Loggers = NullLoggerFactory.Instance,
            PluginPath = Plugins.Folder,
            ConfigDirectory = _folder.Path,
        });
        var config = _folder.Load();
        var errors = new ConfigErrors();
        var compiled = engine.Compile(config, errors);
        Assert.Equal("", errors.ToString());
        return RequestExplainer.Explain(request, config, compiled!);
    }
}
