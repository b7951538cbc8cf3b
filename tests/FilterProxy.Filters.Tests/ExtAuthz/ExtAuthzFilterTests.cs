using System.Net;
using System.Text;
using FilterProxy.Filters.ExtAuthz;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ExtAuthz;

public sealed class ExtAuthzFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private HttpRequestMessage? _asked;
    private string _askedBody = "";
    private Func<HttpResponseMessage> _answer = () => new HttpResponseMessage(HttpStatusCode.OK);

    public ExtAuthzFilterTests()
    {
        _context.Clusters["authz"] = new TestCluster("authz", "127.0.0.1:1");
        _context.Http = async (request, cancel) =>
        {
            _asked = request;
            _askedBody = request.Content is null ? "-" : await request.Content.ReadAsStringAsync(cancel);
            return _answer();
        };
    }

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task The_service_sees_the_request_it_decides_about()
    {
        using var exchange = TestExchange.Post("/a%2Fb?c=d", "body").WithHeader("authorization", "Bearer x").WithHeader("cookie", "a=b").WithHeader("x-id", "7").WithHeader("x-other", "8")
            .WithHeader("x-forwarded-for", "10.0.0.1");
        var run = await exchange.RunAsync(Filter(Options() with { PathPrefix = "/check", RequestHeaders = ["X-Id", "x-forwarded-for"] }));
        Assert.NotNull(run.Upstream);
        Assert.Equal(("POST", "http://authz/check/a%2Fb?c=d", "example.com", "-"), (_asked!.Method.Method, _asked.RequestUri!.OriginalString, _asked.Headers.Host, _askedBody));
        Assert.Equal(("Bearer x", "a=b", "7", "192.0.2.1"), (Asked("authorization"), Asked("cookie"), Asked("x-id"), Asked("x-forwarded-for")));
        Assert.False(_asked.Headers.Contains("x-other"));
        Assert.Equal("body", run.RequestText);
    }

    [Fact]
    public async Task Its_200_lets_pass_and_may_tell_the_upstream_something()
    {
        _answer = () => Answer(200, ("x-user", "ada"), ("x-role", "a"), ("x-role", "b"), ("x-secret", "s"));
        using var exchange = TestExchange.Get("/").WithHeader("x-user", "root").WithHeader("x-tenant", "all");
        var run = await exchange.RunAsync(Filter(Options() with { UpstreamHeaders = ["X-User", "x-role", "x-tenant"], MetadataHeaders = ["x-user", "x-none"] }));
        Assert.Equal(("ada", null, null), (run.Upstream!.Headers["x-user"], run.Upstream.Headers["x-tenant"], run.Upstream.Headers["x-secret"]));
        Assert.Equal(["a", "b"], Values(run.Upstream.Headers, "x-role"));
        Assert.Equal(("ada", null), (exchange.Metadata["ext_authz", "x-user"], exchange.Metadata["ext_authz", "x-none"]));
    }

    [Fact]
    public async Task Its_refusal_is_the_clients()
    {
        _answer = () =>
        {
            var answer = Answer(401, ("www-authenticate", "Bearer"), ("x-why", "late"), ("x-inside", "db7"), ("set-cookie", "a=b"), ("set-cookie", "c=d"));
            answer.Content = new StringContent("{\"error\":\"late\"}", Encoding.UTF8, "application/json");
            return answer;
        };
        using var exchange = TestExchange.Get("/");
        var run = await exchange.RunAsync(Filter(Options() with { ClientHeaders = ["x-why"] }));
        Assert.Null(run.Upstream);
        Assert.Equal((401, "ext_authz_denied", "{\"error\":\"late\"}"), (exchange.Status, exchange.Reason, exchange.BodyText));
        var headers = exchange.Response.Headers;
        Assert.Equal(("Bearer", "late", null, "application/json; charset=utf-8"), (headers["www-authenticate"], headers["x-why"], headers["x-inside"], headers["content-type"]));
        Assert.Equal(["a=b", "c=d"], Values(headers, "set-cookie"));
    }

    [Theory]
    [InlineData(201, 403)]
    [InlineData(204, 403)]
    [InlineData(302, 302)]
    [InlineData(403, 403)]
    [InlineData(429, 429)]
    public async Task Only_200_lets_pass(int answered, int status)
    {
        _answer = () => Answer(answered);
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter());
        Assert.Equal((status, "ext_authz_denied"), (exchange.Status, exchange.Reason));
    }

    [Theory]
    [InlineData("500", "it answered 500")]
    [InlineData("down", "connection refused")]
    [InlineData("endless", "its refusal is longer than 64 KiB")]
    public async Task Without_an_answer_nothing_passes(string how, string why)
    {
        _answer = how switch
        {
            "500" => () => Answer(500),
            "down" => () => throw new HttpRequestException("connection refused"),
            _ => () => new HttpResponseMessage(HttpStatusCode.Forbidden) { Content = new ByteArrayContent(new byte[70_000]) },
        };
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter());
        Assert.Equal((403, "ext_authz_error"), (exchange.Status, exchange.Reason));
        Assert.Contains(why, Assert.Single(_context.LogLines), StringComparison.Ordinal);

        using var other = TestExchange.Get("/");
        await other.RunAsync(Filter(Options() with { StatusOnError = 503 }));
        Assert.Equal(503, other.Status);

        using var open = TestExchange.Get("/").WithHeader("x-user", "root");
        var run = await open.RunAsync(Filter(Options() with { FailOpen = true, UpstreamHeaders = ["x-user"] }));
        Assert.Null(run.Upstream!.Headers["x-user"]);
        Assert.Equal(3, _context.Sum("filterproxy.ext_authz.requests"));
    }

    [Fact]
    public async Task A_service_that_hangs_is_given_up()
    {
        var clock = new FakeTimeProvider();
        _context.Clock = clock;
        _context.Http = (_, cancel) => new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancel);
        using var exchange = TestExchange.Get("/");
        var waiting = Filter(Options() with { Timeout = TimeSpan.FromSeconds(2) }).OnRequestAsync(exchange).AsTask();
        await Poll.UntilAsync(() => clock.Waiting > 0);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(FilterStatus.Stop, await waiting);
        Assert.Equal("ext_authz_error", exchange.Reason);
        Assert.Contains("no answer within 2000 ms", _context.LogLines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_away_is_let_go()
    {
        _context.Http = (_, cancel) => new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancel);
        using var exchange = TestExchange.Get("/");
        var waiting = Filter(Options() with { Timeout = TimeSpan.FromMinutes(5) }).OnRequestAsync(exchange).AsTask();
        exchange.CloseDownstream();
        Assert.Equal(FilterStatus.Stop, await waiting);
        Assert.Equal("client_closed", exchange.AbortedWith);
    }

    [Theory]
    [InlineData(10, false, "0123456789", null, 200)]
    [InlineData(9, false, null, null, 413)]
    [InlineData(9, true, "012345678", "true", 200)]
    public async Task It_may_see_bodies(int most, bool partial, string? seen, string? marked, int status)
    {
        using var exchange = TestExchange.Post("/", "0123456789").WithHeader("content-type", "text/x");
        var run = await exchange.RunAsync(Filter(Options() with { Body = new() { Max = new ByteSize(most), AllowPartial = partial }, RequestHeaders = ["content-type"] }));
        Assert.Equal(status == 200, run.Upstream is not null);
        if (seen is null)
        {
            Assert.Equal((413, "ext_authz_body_too_large", null), (exchange.Status, exchange.Reason, _asked));
            return;
        }

        Assert.Equal((seen, marked, "text/x"), (_askedBody, Asked("x-auth-partial-body"), _asked!.Content!.Headers.ContentType?.ToString()));
        Assert.Equal("0123456789", run.RequestText);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var service = TestUpstream.Start(request => request.Headers["authorization"] == "Bearer good"
            ? UpstreamResponse.Ok("", ("X-User", "ada"))
            : UpstreamResponse.Create(401, "no", ("WWW-Authenticate", "Bearer")));
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["x-user"] ?? "-"));
        await using var proxy = await StartAsync(upstream.Port, service.Port, "timeout: 10s, upstream_headers: [x-user]", transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("ada", (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nX-User: root\r\nAuthorization: Bearer good\r\n\r\n")).Text);
        var refused = await client.RoundTripAsync("GET /x HTTP/1.1\r\nHost: a\r\nX-User: root\r\n\r\n");
        Assert.Equal((401, "no", "Bearer"), (refused.Status, refused.Text, refused.Headers["www-authenticate"]));
        Assert.Equal("/x", service.Requests[1].Target);
        service.StopListening();
    }

    [Theory]
    [InlineData("timeout: 1s", "cluster")]
    [InlineData("cluster: nobody", "there is no cluster 'nobody'")]
    [InlineData("cluster: authz, upstream_headers: [host]", "'host' cannot be changed")]
    [InlineData("cluster: authz, request_headers: [Content-Length]", "'Content-Length' belongs to the connection")]
    [InlineData("cluster: authz, request_headers: ['a b']", "'a b' is no header name")]
    [InlineData("cluster: authz, path_prefix: check", "must begin with '/'")]
    [InlineData("cluster: authz, timeout: 0s", "must be more than 0")]
    [InlineData("cluster: authz, body: { max: 0 }", "must be between 1B and 64MiB")]
    [InlineData("cluster: authz, status_on_error: 200", "must be between 400 and 599")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, 1, options, TestTransport.Sockets, cluster: ""))).Message, StringComparison.Ordinal);

    private static ExtAuthzOptions Options() => new() { Cluster = "authz" };

    private static HttpResponseMessage Answer(int status, params (string Name, string Value)[] headers)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status);
        foreach (var (name, value) in headers)
        {
            answer.Headers.TryAddWithoutValidation(name, value);
        }

        return answer;
    }

    private static List<string> Values(HeaderMap headers, string name)
    {
        var values = new List<string>();
        foreach (var value in headers.Values(Encoding.ASCII.GetBytes(name)))
        {
            values.Add(Encoding.ASCII.GetString(value));
        }

        return values;
    }

    private static Task<TestProxy> StartAsync(int port, int service, string options, TestTransport transport, string cluster = "cluster: authz, ") => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { ext_authz: { {{cluster}}{{options}} } } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{port}}"] }, authz: { endpoints: ["127.0.0.1:{{service}}"] } }
        """,
        transport,
        typeof(ExtAuthzFilter));

    private string? Asked(string name) => _asked!.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    private ExtAuthzFilter Filter(ExtAuthzOptions? options = null) => new(options ?? Options(), _context);
}
