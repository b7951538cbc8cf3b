using System.Text.Json.Nodes;
using FilterProxy.Filters.Script;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Script;

/// <summary>What scripts can see and say.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly TestScript _script = new();

    [Fact]
    public async Task The_name_route_returns_is_the_cluster()
    {
        using var exchange = _script.Exchange("/beta");

        await _script.RunAsync("function route(request) { return request.path === '/beta' ? 'beta' : 'main'; }", exchange);

        Assert.Equal("beta", exchange.Cluster!.Name);
    }

    [Theory]
    [InlineData("return;")]
    [InlineData("return null;")]
    [InlineData("return {};")]
    public async Task Nothing_leaves_the_cluster_of_the_route(string body)
    {
        using var exchange = _script.Exchange("/");

        await _script.RunAsync($"function route(request) {{ {body} }}", exchange);

        Assert.Equal("main", exchange.Cluster!.Name);
    }

    [Fact]
    public async Task An_object_says_cluster_path_and_headers()
    {
        using var exchange = _script.Exchange("/old?x=1").WithHeader("x-secret", "1");

        var run = await _script.RunAsync(
            "function route() { return { cluster: 'beta', path: '/new?y=2', headers: { 'x-a': 1, 'x-secret': null } }; }", exchange);

        Assert.Equal(("beta", "/new", "y=2"), (exchange.Cluster!.Name, run.Upstream!.PathText, run.Upstream.QueryText));
        Assert.Equal(("1", null), (run.Upstream.Headers["x-a"], run.Upstream.Headers["x-secret"]));
    }

    [Fact]
    public async Task A_reply_needs_no_upstream()
    {
        using var exchange = _script.Exchange("/");

        var run = await _script.RunAsync("function route() { return { reply: { status: 503, body: 'back at 8', headers: { 'retry-after': '60' } } }; }", exchange);

        Assert.Null(run.Upstream);
        Assert.Equal((503, "back at 8", "60", "script_reply"), (exchange.Status, exchange.BodyText, exchange.Response.Headers["retry-after"], exchange.Reason));
        Assert.Equal("text/plain; charset=utf-8", exchange.Response.Headers["content-type"]);
    }

    [Theory]
    [InlineData("request.method", "GET")]
    [InlineData("request.scheme", "https")]
    [InlineData("request.host", "shop.example.com")]
    [InlineData("request.path", "/a/b")]
    [InlineData("request.query", "q=one%20two&r=3")]
    [InlineData("request.param('q')", "one two")]
    [InlineData("typeof request.param('none')", "undefined")]
    [InlineData("request.header('X-Test')", "yes")]
    [InlineData("typeof request.header('none')", "undefined")]
    [InlineData("request.cookie('uid')", "u7")]
    [InlineData("request.clientIp", "203.0.113.9")]
    [InlineData("request.route", "shop")]
    [InlineData("request.claim('role')", "admin")]
    [InlineData("'' + request.isAuthenticated", "true")]
    [InlineData("request.metadata('jwt', 'sub')", "alice")]
    [InlineData("config.tenants[1].name", "b")]
    [InlineData("'' + (config.percent + 1)", "11")]
    [InlineData("config.code", "007")]
    [InlineData("'' + (random() >= 0 && random() < 1)", "true")]
    [InlineData("'' + now()", "1767225600000")]
    [InlineData("'' + hash('u7', 100)", "98")]
    [InlineData("'' + hash('u7')", "4214449485")]
    [InlineData("Object.keys(request).length + ''", "15")]
    public async Task The_facade_shows_the_request(string expression, string value)
    {
        _script.Context.Clock = new FixedClock();
        using var exchange = _script.Exchange("/a/b?q=one%20two&r=3").WithHost("Shop.Example.com:8443").OverTls().WithHeader("x-test", "yes")
            .WithHeader("cookie", "a=1; uid=u7").From("203.0.113.9").WithRoute("shop").WithUser(("role", "admin"));
        exchange.Metadata["jwt", "sub"] = "alice";
        _script.Config = JsonNode.Parse("""{ "tenants": [ { "name": "a" }, { "name": "b" } ], "percent": 10, "code": "007" }""");

        var run = await _script.RunAsync($"function route(request) {{ return {{ headers: {{ 'x-seen': {expression} }} }}; }}", exchange);

        Assert.Equal(value, run.Upstream!.Headers["x-seen"]);
    }

    [Fact]
    public async Task Hooks_see_the_exchange_in_their_order()
    {
        using var exchange = _script.Exchange("/").WithResponse(200, "ok", ("x-from", "upstream"));

        var run = await _script.RunAsync("""
            function onRequest(request) { request.setMetadata('test', 'seen', 'yes'); return { headers: { 'x-first': '1' } }; }
            function route(request) { return { cluster: 'beta', headers: { 'x-second': request.metadata('test', 'seen') } }; }
            function onResponse(request, response) { return { headers: { 'x-third': response.status + response.header('x-from'), 'x-from': null } }; }
            function log(request, response) { console.warn('logged', request.path, response.status, response.reason); }
            """, exchange);

        Assert.Equal(("1", "yes"), (run.Upstream!.Headers["x-first"], run.Upstream.Headers["x-second"]));
        Assert.Equal(("200upstream", null), (exchange.Response.Headers["x-third"], exchange.Response.Headers["x-from"]));
        Assert.Contains("Warning: logged / 200 via_upstream", _script.Context.LogLines);
    }

    [Fact]
    public async Task A_client_cannot_write_a_line_into_the_log()
    {
        using var exchange = _script.Exchange("/?a=1%0aforged");

        await _script.RunAsync("function route(request) { console.log(request.param('a')); }", exchange);

        Assert.Equal(["Information: 1\\nforged"], _script.Context.LogLines);
    }

    [Theory]
    [InlineData("config.a = 2")]
    [InlineData("config.deep.b = 2")]
    [InlineData("config = {}")]
    [InlineData("request.path = '/x'")]
    public async Task What_a_script_is_given_stays_as_it_is(string assignment)
    {
        _script.Config = JsonNode.Parse("""{ "a": 1, "deep": { "b": 1 } }""");
        using var exchange = _script.Exchange("/");

        var run = await _script.RunAsync(
            $"function route(request) {{ {assignment}; return {{ headers: {{ 'x-seen': '' + config.a + config.deep.b + request.path }} }}; }}", exchange);

        Assert.Equal("11/", run.Upstream!.Headers["x-seen"]);
    }

    [Theory]
    [InlineData("System.IO.File.ReadAllText('/etc/passwd')")]
    [InlineData("importNamespace('System')")]
    [InlineData("request.GetType()")]
    [InlineData("request.method.GetType()")]
    [InlineData("eval('1')")]
    [InlineData("new Function('return 1')()")]
    [InlineData("route.constructor('return 1')()")]
    [InlineData("require('fs')")]
    public async Task There_is_no_way_out_of_the_facade(string expression)
    {
        using var exchange = _script.Exchange("/");

        var e = await Assert.ThrowsAsync<ScriptException>(() => _script.RunAsync($"function route(request) {{ {expression}; return 'beta'; }}", exchange));

        Assert.Equal(ScriptFault.Exception, e.Fault);
    }

    [Fact]
    public async Task Functions_may_be_exported_as_lowered_modules_do()
    {
        using var exchange = _script.Exchange("/");

        await _script.RunAsync("""
            "use strict";
            Object.defineProperty(exports, "__esModule", { value: true });
            exports.route = void 0;
            function decide(request) { return 'beta'; }
            exports.route = decide;
            """, exchange);

        Assert.Equal("beta", exchange.Cluster!.Name);
    }

    [Fact]
    public async Task Many_calls_at_once_never_share_an_engine()
    {
        var filter = _script.Load("""
            var inside = 0, calls = 0;
            function route(request) {
              if (inside++ !== 0) { throw new Error('shared'); }
              var sum = 0;
              for (var i = 0; i < 200; i++) { sum += i; }
              inside--;
              return { headers: { 'x-path': request.path } };
            }
            """);

        await Parallel.ForAsync(0, 400, async (i, _) =>
        {
            using var exchange = _script.Exchange($"/{i}");
            var run = await exchange.RunAsync(filter);
            Assert.Equal($"/{i}", run.Upstream!.Headers["x-path"]);
        });
    }

    public void Dispose() => _script.Dispose();

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
