using FilterProxy.Filters.ApiKey;
using FilterProxy.Filters.JwtAuth;
using FilterProxy.Filters.Tenant;
using FilterProxy.Filters.Tests.Jose;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Tenant;

public sealed class TenantFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("acme.test", "acme")]
    [InlineData("ACME.test:8080", "acme")]
    [InlineData("acme.test.", "acme")]
    [InlineData("www.acme.test", "")]
    [InlineData("xacme.test", "")]
    [InlineData("bolt.example.com", "bolt")]
    [InlineData("Bolt.Example.COM", "bolt")]
    [InlineData("nobody.example.com", "")]
    [InlineData("a.bolt.example.com", "")]
    [InlineData(".example.com", "")]
    [InlineData("example.com", "")]
    [InlineData("[::1]:80", "")]
    public async Task A_host_tells_the_tenant(string host, string tenant)
    {
        using var exchange = TestExchange.Get("/").WithHost(host).WithHeader("x-tenant", "bolt").WithHeader("X-Tenant", "acme");
        var run = await exchange.RunAsync(Filter(Options() with { HostPattern = "{tenant}.example.com" }));
        Assert.Equal(tenant.Length > 0, run.Upstream is not null);
        Assert.Equal(tenant.Length > 0 ? (tenant, "via_upstream") : (null, "tenant_unknown"), (exchange.Metadata["tenant", "name"], exchange.Reason));
        Assert.Equal(tenant.Length > 0 ? tenant : null, exchange.Request.Headers["x-tenant"]);
    }

    [Theory]
    [InlineData("/t/acme/a/b", "acme", "/a/b")]
    [InlineData("/t/acme", "acme", "/")]
    [InlineData("/t/acme/", "acme", "/")]
    [InlineData("/t/ACME/a", "", "")]
    [InlineData("/t/%61cme/a", "", "")]
    [InlineData("/t//a", "", "")]
    [InlineData("/x/acme/a", "", "")]
    [InlineData("/own/x", "bolt", "/own/x")]
    public async Task A_path_tells_the_tenant_and_may_lose_it(string path, string tenant, string rest)
    {
        using var exchange = TestExchange.Get(path);
        var run = await exchange.RunAsync(Filter(Options() with { From = [TenantSource.Path], PathPattern = "/t/{tenant}/*", StripPath = true }));
        Assert.Equal(tenant.Length > 0 ? tenant : null, exchange.Metadata["tenant", "name"]);
        Assert.Equal(tenant.Length > 0 ? rest : null, run.Upstream?.PathText);
    }

    [Fact]
    public async Task A_claim_or_a_header_tells_the_tenant()
    {
        using var claim = TestExchange.Get("/").WithUser(("org", "acme"));
        await claim.RunAsync(Filter(Options() with { From = [TenantSource.Claim], Claim = "org" }));
        Assert.Equal("acme", claim.Metadata["tenant", "name"]);

        using var several = TestExchange.Get("/").WithUser(("org", "acme"), ("org", "bolt"));
        await several.RunAsync(Filter(Options() with { From = [TenantSource.Claim], Claim = "org" }));
        Assert.Equal("tenant_unknown", several.Reason);

        using var header = TestExchange.Get("/").WithHeader("x-from", "bolt");
        var run = await header.RunAsync(Filter(Options() with { From = [TenantSource.Claim, TenantSource.Header], SourceHeader = "x-from", Header = "x-is" }));
        Assert.Equal("bolt", run.Upstream!.Headers["x-is"]);

        using var two = TestExchange.Get("/").WithHeader("x-from", "bolt").WithHeader("x-from", "acme");
        await two.RunAsync(Filter(Options() with { From = [TenantSource.Header], SourceHeader = "x-from" }));
        Assert.Equal("tenant_unknown", two.Reason);
    }

    [Theory]
    [InlineData("shop-7", "shop-7")]
    [InlineData("ünder", null)]
    [InlineData("a b", null)]
    [InlineData("a,b", null)]
    [InlineData("", null)]
    public async Task Where_none_is_listed_any_name_will_do_that_is_one(string name, string? tenant)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-tenant", name);
        await exchange.RunAsync(Filter(new() { From = [TenantSource.Header] }));
        Assert.Equal(tenant, exchange.Metadata["tenant", "name"]);
    }

    [Fact]
    public async Task Who_is_nobodys_may_pass_or_be_refused_as_is_said()
    {
        using var optional = TestExchange.Get("/").WithHost("x.test").WithHeader("x-tenant", "acme");
        var run = await optional.RunAsync(Filter(Options() with { Optional = true }));
        Assert.Null(run.Upstream!.Headers["x-tenant"]);
        using var refused = TestExchange.Get("/").WithHost("x.test");
        await refused.RunAsync(Filter(Options() with { Status = 421, Header = "" }));
        Assert.Equal((421, "tenant_unknown"), (refused.Status, refused.Reason));
    }

    [Theory]
    [InlineData("acme", true)]
    [InlineData("bolt", false)]
    [InlineData("ACME", false)]
    [InlineData(null, false)]
    public async Task A_user_of_one_tenant_does_not_reach_another(string? claim, bool passes)
    {
        using var exchange = TestExchange.Get("/").WithHost("acme.test");
        _ = claim is null ? exchange : exchange.WithUser(("tenant", claim));
        await exchange.RunAsync(Filter(Options() with { Confirm = [TenantSource.Claim] }));
        Assert.Equal(passes ? "via_upstream" : "tenant_denied", exchange.Reason);
        Assert.Equal(passes ? "acme" : null, exchange.Metadata["tenant", "name"]);
    }

    [Fact]
    public async Task A_tenant_may_have_a_cluster_of_its_own()
    {
        _context.Clusters["big"] = new TestCluster("big", "127.0.0.1:2");
        using var exchange = TestExchange.Get("/").WithHost("acme.test").WithCluster(new TestCluster("all", "127.0.0.1:1")).WithCluster(_context.Clusters["big"]);
        await exchange.RunAsync(Filter(new() { Tenants = new Dictionary<string, TenantEntryOptions> { ["acme"] = new() { Hosts = ["acme.test"], Cluster = "big" } } }));
        Assert.Equal("big", exchange.Cluster!.Name);
    }

    [Fact]
    public void A_tenant_that_is_listed_costs_no_memory()
    {
        var filter = Filter(Options() with { HostPattern = "{tenant}.example.com", Header = "", Confirm = [TenantSource.Claim] });
        using var exchange = TestExchange.Get("/").WithHost("Bolt.example.com").WithUser(("tenant", "bolt"));
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
        Assert.Equal("bolt", exchange.Metadata["tenant", "name"]);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Tenants_have_their_own_routes_keys_and_issuers_and_none_reaches_another(TestTransport transport)
    {
        using var folder = new ScratchFolder();
        using TokenMaker acme = new(kid: "a"), bolt = new(kid: "b");
        folder.Write("acme.json", acme.Jwks);
        folder.Write("bolt.json", bolt.Jwks);
        await using var one = TestUpstream.Start(request => UpstreamResponse.Ok($"shop {request.Headers["x-tenant"]}"));
        await using var two = TestUpstream.Start(request => UpstreamResponse.Ok($"bolt {request.Headers["x-tenant"]}"));
        const string Tenants = "tenants: { acme: { hosts: [acme.test], issuers: [acme-login] }, bolt: { hosts: [bolt.test], issuers: [bolt-login] } }";
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("fp_acme_key_0123456789"u8));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http: { filters: [ { tenant: { tenants: { acme: { hosts: [acme.test] }, bolt: { hosts: [bolt.test] } } } } ] }
            routes:
              - name: keys
                match: { path: /jobs/* }
                filters:
                  - api_key: { keys: [ { id: k, owner: acme-jobs, hash: "sha256:{{hash}}", claims: { tenant: acme } } ] }
                  - tenant/mine: { tenants: { acme: { hosts: [acme.test] }, bolt: { hosts: [bolt.test] } }, confirm: [claim] }
                cluster: shop
              - { name: bolt, match: { path: /*, headers: { x-tenant: bolt } }, filters: [ &auth { jwt_auth: { issuers: [ { issuer: acme-login, jwks_file: {{folder.Path}}/acme.json }, { issuer: bolt-login, jwks_file: {{folder.Path}}/bolt.json } ] } }, &mine { tenant/mine: { {{Tenants}}, confirm: [claim] } } ], cluster: bolt }
              - { name: others, match: { path: /* }, filters: [ *auth, *mine ], cluster: shop }
            clusters: { shop: { endpoints: ["127.0.0.1:{{one.Port}}"] }, bolt: { endpoints: ["127.0.0.1:{{two.Port}}"] } }
            """,
            transport,
            typeof(TenantFilter),
            typeof(JwtAuthFilter),
            typeof(ApiKeyFilter));
        await using var client = await proxy.ConnectAsync();
        var acmeToken = acme.Sign(new { iss = "acme-login", tenant = "acme" });
        Assert.Equal("shop acme", await AskAsync("acme.test", acmeToken));
        Assert.Equal("bolt bolt", await AskAsync("bolt.test", bolt.Sign(new { iss = "bolt-login", tenant = "bolt" })));
        Assert.Equal("tenant_denied", await AskAsync("bolt.test", acmeToken));
        Assert.Equal("tenant_denied", await AskAsync("bolt.test", acme.Sign(new { iss = "acme-login", tenant = "bolt" })));
        Assert.Equal("tenant_denied", await AskAsync("acme.test", bolt.Sign(new { iss = "bolt-login", tenant = "acme" })));
        Assert.Equal("tenant_unknown", await AskAsync("other.test", acmeToken));
        Assert.Equal("shop acme", await SendAsync("acme.test", "/jobs/x", "X-Api-Key: fp_acme_key_0123456789"));
        Assert.Equal("tenant_denied", await SendAsync("bolt.test", "/jobs/x", "X-Api-Key: fp_acme_key_0123456789"));

        Task<string?> AskAsync(string host, string token) => SendAsync(host, "/", $"Authorization: Bearer {token}");

        async Task<string?> SendAsync(string host, string path, string header)
        {
            var response = await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Tenant: bolt\r\n{header}\r\n\r\n");
            return response.Headers["x-filterproxy-reason"] ?? response.Text;
        }
    }

    [Theory]
    [InlineData("from: []", "from must name a source")]
    [InlineData("from: [host]", "the source host needs")]
    [InlineData("from: [path]", "the source path needs")]
    [InlineData("from: [user]", "expected one of host, path, claim, header")]
    [InlineData("tenants: { Acme: { hosts: [a.test] } }", "'Acme' is no name")]
    [InlineData("tenants: { a: { hosts: [a.test] }, b: { hosts: [A.test] } }", "the host 'a.test' is two tenants'")]
    [InlineData("tenants: { a: { hosts: ['a.test:80'] } }", "is no host without a port")]
    [InlineData("tenants: { a: { hosts: [a.test], paths: [x] } }", "'x' is no path")]
    [InlineData("tenants: { a: { hosts: [a.test], cluster: nobody } }", "there is no cluster 'nobody'")]
    [InlineData("host_pattern: example.com", "must be like '{tenant}.example.com'")]
    [InlineData("from: [path], path_pattern: '/t/{tenant}'", "must be like '/t/{tenant}/*'")]
    [InlineData("host_pattern: '{tenant}.a', strip_path: true", "needs path_pattern")]
    [InlineData("host_pattern: '{tenant}.a', header: 'a b'", "'a b' is no header name")]
    [InlineData("host_pattern: '{tenant}.a', status: 200", "must be between 400 and 599")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message,
        (await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
            1, TestTransport.Sockets, $"{{ route_filters: [ {{ tenant: {{ {options} }} }} ] }}", components: typeof(TenantFilter)))).Message,
        StringComparison.Ordinal);

    private static TenantOptions Options() => new()
    {
        Tenants = new Dictionary<string, TenantEntryOptions> { ["acme"] = new() { Hosts = ["acme.test"] }, ["bolt"] = new() { Hosts = ["bolt.test"], Paths = ["/own/*"] } },
    };

    private TenantFilter Filter(TenantOptions options) => new(options, _context);
}
