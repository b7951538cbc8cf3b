using FilterProxy.Filters.BasicAuth;
using FilterProxy.Filters.BodyLimit;
using FilterProxy.Filters.BodyRewrite;
using FilterProxy.Filters.Buffer;
using FilterProxy.Filters.Cookies;
using FilterProxy.Filters.DirectResponse;
using FilterProxy.Filters.ErrorPages;
using FilterProxy.Filters.Headers;
using FilterProxy.Filters.HostAccess;
using FilterProxy.Filters.IpAccess;
using FilterProxy.Filters.Mirror;
using FilterProxy.Filters.Redirect;
using FilterProxy.Filters.RequestId;
using FilterProxy.Filters.Rewrite;
using FilterProxy.Filters.SecurityHeaders;
using FilterProxy.Filters.UserAgentAccess;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>The same requests to nginx and to a filter that is set alike: what a client sees must be the same.</summary>
public sealed class NginxComparisonTests(EdgeNginx nginx) : IClassFixture<EdgeNginx>
{
    [ProgramFact("nginx")]
    public Task Headers_are_set_and_removed() => SameAsync(
        "headers: { request: { set: { x-method: '%METHOD%' }, remove: [x-gone] }, response: { set: { x-b: b }, remove: [x-powered-by] } }",
        typeof(HeadersFilter),
        ["x-b", "x-powered-by"],
        "GET /headers?a=b HTTP/1.1\r\nHost: a\r\nX-Method: mine\r\nX-Gone: here\r\n\r\n",
        "HEAD /headers HTTP/1.1\r\nHost: a\r\n\r\n");

    [ProgramFact("nginx")]
    public async Task Addresses_are_refused_and_let_in()
    {
        await SameAsync("ip_access: { deny: [127.0.0.0/8] }", typeof(IpAccessFilter), [], compareBody: false, "GET /denied HTTP/1.1\r\nHost: a\r\n\r\n");
        await SameAsync("ip_access: { allow: [127.0.0.1] }", typeof(IpAccessFilter), [], "GET /allowed HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    [ProgramFact("nginx")]
    public async Task Clients_are_sent_where_a_page_is()
    {
        await SameAsync(
            "redirect: { rules: [ { path: '/moved/(\\d+)', to: /posts/$1, status: 301 } ] }",
            typeof(RedirectFilter),
            ["location"],
            compareBody: false,
            "GET /moved/12 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /moved/12?a=b&c HTTP/1.1\r\nHost: a\r\n\r\n",
            "HEAD /moved/12 HTTP/1.1\r\nHost: a\r\n\r\n");
        await SameAsync("redirect: { https: true }", typeof(RedirectFilter), ["location"], compareBody: false, "GET /https/x?y=%2e HTTP/1.1\r\nHost: a.test:8080\r\n\r\n");
    }

    [ProgramFact("nginx")]
    public Task Paths_are_rewritten() => SameAsync(
        "rewrite: { rules: [ { path: '/u/(\\d+)', to: /users/$1 }, { path: '/u/s/(.+)', to: '/search?q=$1' } ] }",
        typeof(RewriteFilter),
        [],
        "GET /u/12 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /u/12?a=b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /u/s/x?a=b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /u/other HTTP/1.1\r\nHost: a\r\n\r\n");

    [ProgramFact("nginx")]
    public Task Answers_are_direct() => SameAsync(
        "direct_response: { status: 410, body: gone, content_type: text/plain }",
        typeof(DirectResponseFilter),
        ["content-type", "content-length"],
        "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /direct HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");

    [ProgramFact("nginx")]
    public Task Errors_have_pages() => SameAsync(
        "error_pages: { upstream: true, html: sorry }",
        typeof(ErrorPagesFilter),
        [],
        "GET /errors/fail HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /errors/fine HTTP/1.1\r\nHost: a\r\n\r\n");

    [ProgramFact("nginx")]
    public Task Passwords_are_asked_for() => SameAsync(
        $"basic_auth: {{ realm: lab, users: {{ ada: '{PasswordHash.Create("s3cret", 1000)}' }} }}",
        typeof(BasicAuthFilter),
        [],
        compareBody: false,
        "GET /auth HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /auth HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRhOnMzY3JldA==\r\n\r\n",
        "GET /auth HTTP/1.1\r\nHost: a\r\nAuthorization: basic YWRhOnMzY3JldA==\r\n\r\n",
        "GET /auth HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRhOndyb25n\r\n\r\n",
        "GET /auth HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer YWRhOnMzY3JldA==\r\n\r\n");

    [ProgramFact("nginx")]
    public Task Bodies_have_a_limit() => SameAsync(
        "body_limit: { request: 5 }",
        typeof(BodyLimitFilter),
        [],
        compareBody: false,
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello!",
        "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n0\r\n\r\n");

    [ProgramFact("nginx")]
    public async Task Cookies_fit_where_clients_see_them()
    {
        // The order of attributes is nobody's business (RFC 6265 §5.2).
        const string Request = "GET /cookies HTTP/1.1\r\nHost: a\r\n\r\n";
        var (theirs, ours) = await AskAsync(
            "cookies: { path: { /app/: / }, domain: { app.internal: example.com }, secure: true, same_site: lax }", typeof(CookiesFilter), Request);
        Assert.Equal(theirs.Headers.Values("set-cookie").Select(Attributes), ours.Headers.Values("set-cookie").Select(Attributes));
    }

    [ProgramFact("nginx")]
    public Task Texts_are_replaced() =>
        SameAsync("body_rewrite: { response: [ { find: one, replace: '1' } ] }", typeof(BodyRewriteFilter), [], "GET /sub HTTP/1.1\r\nHost: a\r\n\r\n");

    [ProgramFact("nginx")]
    public Task Browsers_are_made_stricter() => SameAsync(
        "security_headers: { csp: \"default-src 'self'\" }",
        typeof(SecurityHeadersFilter),
        ["x-frame-options", "referrer-policy", "x-content-type-options", "content-security-policy", "strict-transport-security"],
        "GET /secure HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /secure/fail HTTP/1.1\r\nHost: a\r\n\r\n");

    [ProgramFact("nginx")]
    public async Task Requests_have_ids_of_the_same_form()
    {
        var (theirs, ours) = await AskAsync("request_id: { format: hex }", typeof(RequestIdFilter), "GET /identified HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.All([theirs, ours], response => Assert.Matches("^[0-9a-f]{32}$", response.Headers["x-request-id"]));
    }

    [ProgramFact("nginx")]
    public Task Requests_are_buffered() => SameAsync(
        "buffer: { request: true }",
        typeof(BufferFilter),
        [],
        "POST /buffered HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");

    [ProgramFact("nginx")]
    public Task User_agents_are_refused() => SameAsync(
        "user_agent_access: { deny: [sqlmap, bot] }",
        typeof(UserAgentAccessFilter),
        [],
        compareBody: false,
        "GET /agents HTTP/1.1\r\nHost: a\r\nUser-Agent: a SQLMap\r\n\r\n",
        "GET /agents HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla\r\n\r\n",
        "GET /agents HTTP/1.1\r\nHost: a\r\n\r\n");

    [ProgramFact("nginx")]
    public async Task Hosts_are_known_or_refused()
    {
        await using var proxy = await TestProxy.StartAsync(
            nginx.Upstream.Port, http: "{ filters: [ { host_access: { allow: [example.com, '*.example.org'] } } ] }", components: typeof(HostAccessFilter));
        foreach (var host in new[] { "example.com", "EXAMPLE.com", "example.com:8080", "a.example.com", "a.example.org", "a.b.example.org", "example.org", "xexample.com", "other.test", "127.0.0.1" })
        {
            await using var client = await RawClient.ConnectAsync(nginx.HostPort);
            var request = $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n";
            Assert.Equal((host, (await client.RoundTripAsync(request)).Status), (host, (await proxy.SendAsync(request)).Status));
        }
    }

    [ProgramFact("nginx")]
    public async Task Requests_are_copied()
    {
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin, filters: [ { mirror: { cluster: copies } } ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{nginx.Upstream.Port}}"] }, copies: { endpoints: ["127.0.0.1:{{nginx.Copies.Port}}"] } }
            """,
            components: typeof(MirrorFilter));
        string[] requests =
        [
            "GET /mirrored/a?b=c HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n",
            "POST /mirrored/d HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
            "POST /mirrored/e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ];
        foreach (var request in requests)
        {
            var before = nginx.Copies.Requests.Count;
            await using var client = await RawClient.ConnectAsync(nginx.Port);
            Assert.Equal((await client.RoundTripAsync(request)).Status, (await proxy.SendAsync(request)).Status);
            await Poll.UntilAsync(() => nginx.Copies.Requests.Count(copy => copy.IsComplete) == before + 2);

            Assert.Single(nginx.Copies.Requests.Skip(before).Select(copy => (copy.Method, copy.Target, copy.Text, copy.Headers["x-a"])).Distinct());
        }
    }

    private static string Attributes(string cookie) =>
        string.Join("; ", cookie.Split("; ").Select(attribute => attribute.Split('=') is [var key, var value] ? $"{key.ToUpperInvariant()}={value.ToUpperInvariant()}" : attribute.ToUpperInvariant()).Order());

    private Task SameAsync(string filter, Type component, string[] fields, params string[] requests) => SameAsync(filter, component, fields, compareBody: true, requests);

    private async Task SameAsync(string filter, Type component, string[] fields, bool compareBody, params string[] requests)
    {
        foreach (var request in requests)
        {
            var (theirs, ours) = await AskAsync(filter, component, request);
            Assert.Equal((request, theirs.Status), (request, ours.Status));
            Assert.Equal(compareBody ? theirs.Text : "", compareBody ? ours.Text : "");
            Assert.All(fields, field => Assert.Equal((request, theirs.Headers[field]), (request, ours.Headers[field])));
        }
    }

    private async Task<(RawResponse Theirs, RawResponse Ours)> AskAsync(string filter, Type component, string request)
    {
        await using var proxy = await TestProxy.StartAsync(nginx.Upstream.Port, http: $"{{ route_filters: [ {{ {filter} }} ] }}", components: component);
        await using var client = await RawClient.ConnectAsync(nginx.Port);
        return (await client.RoundTripAsync(request), await proxy.SendAsync(request));
    }
}
