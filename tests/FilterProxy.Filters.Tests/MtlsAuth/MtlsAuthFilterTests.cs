using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FilterProxy.Filters.MtlsAuth;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.MtlsAuth;

public sealed class MtlsAuthFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly TestAuthority _authority = new("Mesh CA");

    public void Dispose()
    {
        _context.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task A_certificate_that_fits_says_who_it_is()
    {
        var run = await RunAsync(
            new()
            {
                Identities =
                [
                    new() { Uris = ["spiffe://other/*"], Name = "wrong" },
                    new() { Uris = ["spiffe://example.com/*/api"], Roles = ["service"], Claims = new Dictionary<string, string> { ["tenant"] = "acme" } },
                ],
            },
            out var exchange);
        Assert.Equal("spiffe://example.com/shop/api", run.Upstream!.Headers["x-client-identity"]);
        Assert.Equal(("spiffe://example.com/shop/api", "acme"), (exchange.Metadata["mtls", "name"], exchange.Metadata["mtls", "tenant"]));
        Assert.True(exchange.User!.IsInRole("service"));
        Assert.Equal(("spiffe://example.com/shop/api", "acme"), (exchange.User.Identity!.Name, exchange.User.FindFirst("tenant")!.Value));
    }

    [Theory]
    [InlineData("uri", true)]
    [InlineData("uri-other", false)]
    [InlineData("uri-case", false)]
    [InlineData("dns", true)]
    [InlineData("dns-other", false)]
    [InlineData("subject", true)]
    [InlineData("subject-other", false)]
    [InlineData("issuer", true)]
    [InlineData("issuer-other", false)]
    [InlineData("fingerprint", true)]
    [InlineData("fingerprint-other", false)]
    [InlineData("email", false)]
    [InlineData("both", true)]
    [InlineData("one-of-two", false)]
    public async Task An_identity_fits_by_everything_it_says(string what, bool fits)
    {
        using var certificate = Issue();
        var hash = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(certificate.RawData));
        MtlsIdentityOptions identity = what switch
        {
            "uri" => new() { Uris = ["spiffe://x", "spiffe://example.com/shop/api"] },
            "uri-other" => new() { Uris = ["spiffe://example.com/shop"] },
            "uri-case" => new() { Uris = ["spiffe://EXAMPLE.com/*"] },
            "dns" => new() { DnsNames = ["*.Example.COM"] },
            "dns-other" => new() { DnsNames = ["*.example.org"] },
            "subject" => new() { Subjects = ["CN=api*"] },
            "subject-other" => new() { Subjects = ["CN=apis"] },
            "issuer" => new() { Issuers = ["CN=Mesh CA"] },
            "issuer-other" => new() { Issuers = ["CN=Other CA"] },
            "fingerprint" => new() { Fingerprints = [hash] },
            "fingerprint-other" => new() { Fingerprints = [new string('0', 64)] },
            "email" => new() { Emails = ["*@example.com"] },
            "both" => new() { Issuers = ["CN=Mesh CA"], DnsNames = ["api.example.com"] },
            _ => new() { Issuers = ["CN=Mesh CA"], DnsNames = ["x.example.com"] },
        };
        using var exchange = TestExchange.Get("/").WithClientCertificate(certificate);
        var run = await exchange.RunAsync(new MtlsAuthFilter(new() { Identities = [identity] }, _context));
        Assert.Equal(fits, run.Upstream is not null);
        Assert.Equal(fits ? "via_upstream" : "mtls_unknown", exchange.Reason);
    }

    [Fact]
    public async Task Without_identities_whoever_has_a_certificate_may_come()
    {
        await RunAsync(new(), out var exchange);
        Assert.Equal("spiffe://example.com/shop/api", exchange.User!.Identity!.Name);
    }

    [Fact]
    public async Task Without_a_certificate_nobody_may_unless_that_is_said_and_a_header_says_nothing()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-client-identity", "root").WithHeader("x-forwarded-client-cert", "URI=spiffe://example.com/shop/api");
        await exchange.RunAsync(new MtlsAuthFilter(new(), _context));
        Assert.Equal((403, "mtls_missing"), (exchange.Status, exchange.Reason));

        using var optional = TestExchange.Get("/").WithHeader("x-client-identity", "root");
        var run = await optional.RunAsync(new MtlsAuthFilter(new() { Optional = true }, _context));
        Assert.Null(run.Upstream!.Headers["x-client-identity"]);
        Assert.Null(optional.User);
    }

    [Fact]
    public async Task Another_header_tells_who_it_is_or_none_is_touched()
    {
        Assert.Equal("spiffe://example.com/shop/api", (await RunAsync(new() { IdentityHeader = "x-peer" }, out _)).Upstream!.Headers["x-peer"]);
        Assert.Equal("root", (await RunAsync(new() { IdentityHeader = "" }, out _)).Upstream!.Headers["x-client-identity"]);
    }

    [Fact]
    public async Task A_further_request_of_a_connection_costs_no_memory()
    {
        using var certificate = Issue();
        using var exchange = TestExchange.Get("/").WithClientCertificate(certificate);
        var filter = new MtlsAuthFilter(new() { Identities = [new() { Name = "api", Uris = ["spiffe://*"] }], IdentityHeader = "" }, _context);
        await filter.OnRequestAsync(exchange);
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
        Assert.Equal("api", exchange.Metadata["mtls", "name"]);
    }

    [Fact]
    public async Task It_is_the_certificate_of_the_handshake()
    {
        await using var upstream = StartUpstream();
        using var server = new TestCertificate("localhost");
        await using var proxy = await StartAsync(upstream, server);
        using var certificate = Issue();
        Assert.Contains("\r\n\r\napi", await AskAsync(proxy.Port, certificate), StringComparison.Ordinal);
        Assert.Contains("mtls_missing", await AskAsync(proxy.Port, null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_HTTP2_it_holds_for_every_stream_of_the_connection_and_for_no_other_connection()
    {
        await using var upstream = StartUpstream();
        using var server = new TestCertificate("localhost");
        await using var proxy = await StartAsync(upstream, server);
        using X509Certificate2 certificate = Issue(), stranger = _authority.Issue("other", dns: ["other.example.com"]);
        await using var known = await H2Client.StartAsync(await HandshakeAsync(proxy.Port, certificate, SslApplicationProtocol.Http2));
        await using var unknown = await H2Client.StartAsync(await HandshakeAsync(proxy.Port, stranger, SslApplicationProtocol.Http2));
        await using var nobody = await H2Client.StartAsync(await HandshakeAsync(proxy.Port, null, SslApplicationProtocol.Http2));
        (string, string)[] lie = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("x-client-identity", "root")];

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => known.RoundTripAsync(lie)));

        Assert.All(answers, answer => Assert.Equal((200, "api"), (answer.Status, answer.Text)));
        Assert.Equal((403, "mtls_unknown"), Of(await unknown.RoundTripAsync(lie)));
        Assert.Equal((403, "mtls_missing"), Of(await nobody.RoundTripAsync(lie)));

        static (int, string?) Of(H2Response answer) => (answer.Status, answer.Headers["x-filterproxy-reason"]);
    }

    [Theory]
    [InlineData("identities: [ { uris: ['*a*'] } ]", "'*a*' is no name")]
    [InlineData("identities: [ { dns_names: [''] } ]", "'' is no name")]
    [InlineData("identities: [ { fingerprints: [ab] } ]", "'ab' is not 64 hexadecimal digits")]
    [InlineData("identities: [ { claims: { sub: x } } ]", "the claim 'sub'")]
    [InlineData("identity_header: 'a b'", "'a b' is no header name")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message,
        (await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
            1, TestTransport.Sockets, $"{{ route_filters: [ {{ mtls_auth: {{ {options} }} }} ] }}", components: typeof(MtlsAuthFilter)))).Message,
        StringComparison.Ordinal);

    private static TestUpstream StartUpstream() => TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["x-client-identity"] ?? "-"));

    private static async Task<string> AskAsync(int port, X509Certificate2? certificate)
    {
        await using var tls = await HandshakeAsync(port, certificate, SslApplicationProtocol.Http11);
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(tls, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    private static async Task<SslStream> HandshakeAsync(int port, X509Certificate2? certificate, SslApplicationProtocol protocol)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", port);
        var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [protocol],
            ClientCertificates = certificate is null ? null : [certificate],
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });
        return tls;
    }

    private Task<TestProxy> StartAsync(TestUpstream upstream, TestCertificate server) => TestProxy.StartAsync(
        $$"""
        listeners:
          web:
            address: "127.0.0.1:0"
            protocols: [http1, http2]
            filters: [ { tls: { certificates: [ { file: { cert: "{{server.CertPath}}", key: "{{server.KeyPath}}" } } ], client_certificates: { mode: optional, ca: "{{_authority.Path}}" } } } ]
        http: { route_filters: [ { mtls_auth: { identities: [ { dns_names: [api.example.com], name: api } ] } } ] }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """,
        components: typeof(MtlsAuthFilter));

    private Task<TestRun> RunAsync(MtlsAuthOptions options, out TestExchange exchange)
    {
        exchange = TestExchange.Get("/").WithHeader("x-client-identity", "root").WithClientCertificate(Issue());
        return exchange.RunAsync(new MtlsAuthFilter(options, _context));
    }

    private X509Certificate2 Issue() =>
        _authority.Issue("api", dns: ["api.example.com"], uris: ["spiffe://example.com/shop/api"]);
}
