using FilterProxy.Filters.Tests.Jose;
using FilterProxy.TestKit;
using FilterProxy.Tests;
using Xunit;

namespace FilterProxy.Filters.Tests.Examples;

/// <summary><c>conf/examples/auth.yaml</c> as it is, with plugins as they are built, and a login service and an upstream of the test's.</summary>
public sealed class AuthExampleTests : IDisposable
{
    private const string Issuer = "https://login.example.com";
    private readonly TokenMaker _login = new();

    public void Dispose() => _login.Dispose();

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task It_does_what_it_says(TestTransport transport)
    {
        await using var keys = TestUpstream.Start(_ => UpstreamResponse.Ok(_login.Jwks));
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Headers["x-user"]} {r.Headers["x-roles"]} {r.Headers["x-tenant"]} {r.Headers["x-api-owner"]}"));
        await using var proxy = await StartAsync(upstream.Port, keys.Port, transport);
        await using var client = await proxy.ConnectAsync();
        var ada = Token("ada", "acme", ["staff"], "orders.read");
        var root = Token("root", "acme", ["admin"], "");

        Assert.Equal("200 ada staff acme ", await AskAsync("GET", "acme.localhost", "/api/orders/7", ada));
        Assert.Equal("200   acme ", await AskAsync("GET", "acme.localhost", "/api/health", null));
        Assert.Equal("403 jwt_insufficient_scope", await AskAsync("POST", "acme.localhost", "/api/orders/7", ada));
        Assert.Equal("403 tenant_denied", await AskAsync("GET", "bolt.localhost", "/api/orders/7", ada));
        Assert.Equal("404 tenant_unknown", await AskAsync("GET", "other.localhost", "/api/orders/7", ada));
        Assert.Equal("401 jwt_missing", await AskAsync("GET", "acme.localhost", "/api/orders/7", null));
        Assert.Equal("403 jwt_no_rule", await AskAsync("GET", "acme.localhost", "/api/other", ada));
        Assert.Equal("403 rbac_denied", await AskAsync("GET", "acme.localhost", "/api/admin/x", ada));
        Assert.Equal("200 root admin acme ", await AskAsync("GET", "acme.localhost", "/api/admin/x", root));
        Assert.Equal("200 root admin acme ", await AskAsync("DELETE", "acme.localhost", "/api/admin/x", root));
        Assert.Equal("403 rbac_denied", await AskAsync("DELETE", "acme.localhost", "/api/admin/x", Token("eve", "acme", ["admin", "guest"], "")));

        Assert.Equal("401 api_key_unknown", await SendAsync("GET", "acme.localhost", "/jobs/x", "X-Api-Key: not-a-key-of-anybody"));
        Assert.Equal("401 hmac_missing", await SendAsync("GET", "acme.localhost", "/hooks/x", "X-A: b"));
        Assert.Equal("403 csrf_denied", await SendAsync("POST", "acme.localhost", "/form", "Cookie: session=1\r\nOrigin: http://evil.test\r\nContent-Length: 0"));
        Assert.Equal("200   acme ", await SendAsync("POST", "acme.localhost", "/form", "Cookie: session=1\r\nOrigin: http://acme.localhost\r\nContent-Length: 0"));

        Task<string> AskAsync(string method, string host, string path, string? token) =>
            SendAsync(method, host, path, token is null ? "X-User: root" : $"X-User: root\r\nAuthorization: Bearer {token}");

        async Task<string> SendAsync(string method, string host, string path, string headers)
        {
            var response = await client.RoundTripAsync($"{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-Tenant: bolt\r\n{headers}\r\n\r\n");
            return $"{response.Status} {response.Headers["x-filterproxy-reason"] ?? response.Text}";
        }
    }

    private static async Task<TestProxy> StartAsync(int port, int keys, TestTransport transport)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("conf", "examples", "auth.yaml"));
        var listeners = text.IndexOf("listeners:", StringComparison.Ordinal);
        var routes = text.IndexOf("routes:\n", listeners, StringComparison.Ordinal);
        var plugins = Repository.PathOf("artifacts", "bin", "FilterProxy", new DirectoryInfo(AppContext.BaseDirectory).Name, "plugins");
        return await TestProxy.StartAsync(
            $"plugin_path: {plugins}\n"
            + (text[..listeners] + text[routes..]).Replace("${APP:-127.0.0.1:3000}", $"127.0.0.1:{port}").Replace("${JWKS_URL:-https://login.example.com/jwks.json}", $"http://127.0.0.1:{keys}/"),
            transport);
    }

    private string Token(string subject, string org, string[] roles, string scope) => _login.Sign(new { iss = Issuer, aud = "api", sub = subject, org, roles, scope });
}
