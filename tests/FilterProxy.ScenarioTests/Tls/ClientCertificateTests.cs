using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>Clients that show certificates: which hold, and who learns of them.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private const string Get = "GET / HTTP/1.1\r\nHost: site.example\r\n\r\n";
    private const string Forged = "GET / HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-Client-Cert: Hash=forged\r\n\r\n";
    private readonly TestCertificate _server = new("site.example");
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("Strange CA");

    [Theory]
    [InlineData("required")]
    [InlineData("optional")]
    public async Task A_certificate_of_the_authority_is_let_in(string mode)
    {
        await using var proxy = await StartAsync($"mode: {mode}");
        using var certificate = _authority.Issue("agent");
        await using var client = await ConnectAsync(proxy.Port, certificate);

        Assert.Equal("hi", (await client.Http.RoundTripAsync(Get)).Text);
    }

    [Theory]
    [InlineData("required", false)]
    [InlineData("optional", true)]
    [InlineData("none", true)]
    public async Task Without_a_certificate_the_mode_decides(string mode, bool served)
    {
        await using var proxy = await StartAsync($"mode: {mode}");

        Assert.Equal(served, await IsServedAsync(proxy.Port, null));
        Assert.Equal(served ? 0 : 1, Refused(proxy));
    }

    [Theory]
    [InlineData("required")]
    [InlineData("optional")]
    public async Task A_certificate_of_somebody_else_is_refused_whatever_the_mode(string mode)
    {
        await using var proxy = await StartAsync($"mode: {mode}");
        using var certificate = _stranger.Issue("agent");

        Assert.False(await IsServedAsync(proxy.Port, certificate));
        await Poll.UntilAsync(() => Refused(proxy) == 1);
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        await using var proxy = await StartAsync("mode: required");
        using var certificate = _authority.Issue("agent", notBefore: DateTimeOffset.UtcNow.AddDays(-9), notAfter: DateTimeOffset.UtcNow.AddDays(-1));

        Assert.False(await IsServedAsync(proxy.Port, certificate));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public async Task A_chain_may_have_as_many_intermediates_as_is_allowed(int depth, bool served)
    {
        await using var proxy = await StartAsync($"mode: required, verify_depth: {depth}");
        using var intermediate = new TestAuthority("Intermediate", _authority);
        using var certificate = intermediate.Issue("agent");

        Assert.Equal(served, await IsServedAsync(proxy.Port, certificate, intermediate.Certificate));
    }

    [Fact]
    public async Task A_revoked_certificate_is_refused_and_another_of_the_same_authority_is_not()
    {
        using var revoked = _authority.Issue("revoked");
        using var good = _authority.Issue("good");
        var list = WriteList(_authority.Revoke(null, revoked));
        await using var proxy = await StartAsync($"mode: required, crl: \"{list}\"");

        Assert.True(await IsServedAsync(proxy.Port, good));
        Assert.False(await IsServedAsync(proxy.Port, revoked));
    }

    [Fact]
    public async Task A_list_that_is_out_of_date_lets_nobody_in()
    {
        using var certificate = _authority.Issue("agent");
        var list = WriteList(_authority.Revoke(DateTimeOffset.UtcNow.AddDays(-1)));
        await using var proxy = await StartAsync($"mode: required, crl: \"{list}\"");

        Assert.False(await IsServedAsync(proxy.Port, certificate));
    }

    [Fact]
    public async Task Another_authority_holds_for_the_next_connection_and_the_old_ones_stay()
    {
        await using var proxy = await StartAsync("mode: required");
        using var old = _authority.Issue("old");
        using var next = _stranger.Issue("new");
        await using var client = await ConnectAsync(proxy.Port, old);
        Assert.Equal(200, (await client.Http.RoundTripAsync(Get)).Status);

        Assert.Equal("", await proxy.ReloadAsync(Config($"mode: required, ca: \"{_stranger.Path}\"")));

        Assert.Equal(200, (await client.Http.RoundTripAsync(Get)).Status);
        Assert.True(await IsServedAsync(proxy.Port, next));
        Assert.False(await IsServedAsync(proxy.Port, old));
    }

    [Fact]
    public async Task A_session_of_a_listener_that_asks_nobody_opens_no_door_to_one_that_does()
    {
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners:
              web: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ {{Server}} ] } } ] }
              inner: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ {{Server}} ], client_certificates: { ca: "{{_authority.Path}}" } } } ] }
            routes: [ { respond: { body: hi } } ]
            """);
        var options = new SslClientAuthenticationOptions { TargetHost = "site.example", AllowTlsResume = true };
        for (var i = 0; i < 3; i++)
        {
            await using var client = await TlsClient.ConnectAsync(proxy.PortOf("web"), options);
            Assert.Equal(200, (await client.Http.RoundTripAsync(Get)).Status);
        }

        Assert.False(await IsServedAsync(proxy.PortOf("inner"), null));
    }

    [Fact]
    public async Task The_log_and_the_upstream_learn_who_it_is()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("mode: required", upstream.Port, "client_certificate: sanitize_set");
        using var certificate = _authority.Issue("agent-7", ["agent.example"], ["spiffe://example/agent/7"]);
        await using var client = await ConnectAsync(proxy.Port, certificate);

        await client.Http.RoundTripAsync(Forged);

        var hash = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant();
        Assert.Equal(
            [$"Hash={hash};Subject=\"CN=agent-7\";URI=spiffe://example/agent/7;DNS=agent.example"],
            upstream.Requests[0].Headers.Values("X-Forwarded-Client-Cert"));
    }

    [Theory]
    [InlineData("sanitize", null)]
    [InlineData("forward_only", "Hash=forged")]
    [InlineData("append_forward", "Hash=forged, Hash=")]
    [InlineData("sanitize_set", "Hash=")]
    [InlineData("always_forward_only", "Hash=forged")]
    public async Task What_a_client_with_a_certificate_says_of_others_is_passed_on_as_configured(string policy, string? expected)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("mode: optional", upstream.Port, $"client_certificate: {policy}, client_certificate_details: []");
        using var certificate = _authority.Issue("agent-7");
        await using var client = await ConnectAsync(proxy.Port, certificate);

        await client.Http.RoundTripAsync(Forged);

        var seen = upstream.Requests[0].Headers["X-Forwarded-Client-Cert"];
        Assert.StartsWith(expected ?? "none", seen ?? "none", StringComparison.Ordinal);
        Assert.Equal(policy is "append_forward" or "sanitize_set", seen?.EndsWith(certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), StringComparison.OrdinalIgnoreCase) == true);
    }

    [Theory]
    [InlineData("append_forward", false)]
    [InlineData("sanitize_set", false)]
    [InlineData("always_forward_only", true)]
    public async Task Without_a_certificate_only_who_believes_everybody_passes_it_on(string policy, bool passed)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("mode: optional", upstream.Port, $"client_certificate: {policy}");
        await using var client = await ConnectAsync(proxy.Port, null);

        await client.Http.RoundTripAsync(Forged);

        Assert.Equal(passed ? "Hash=forged" : null, upstream.Requests[0].Headers["X-Forwarded-Client-Cert"]);
    }

    [Theory]
    [InlineData("{ mode: required }", "need the authorities")]
    [InlineData("{ ca: /nowhere/ca.pem }", "the authorities /nowhere/ca.pem cannot be read")]
    [InlineData("{ ca: \"KEY\" }", "there is no certificate in it")]
    [InlineData("{ ca: \"CA\", crl: \"CA\" }", "there is no revocation list in it")]
    [InlineData("{ ca: \"CA\", crl: \"STRANGE\" }", "not signed by one of the trusted")]
    public async Task What_cannot_be_is_refused_with_its_place(string clients, string expected)
    {
        var list = WriteList(_stranger.Revoke(null));
        var text = clients.Replace("KEY", _server.KeyPath, StringComparison.Ordinal).Replace("CA", _authority.Path, StringComparison.Ordinal)
            .Replace("STRANGE", list, StringComparison.Ordinal);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ {{Server}} ], client_certificates: {{text}} } } ] } }
            routes: [ { respond: { body: hi } } ]
            """));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("test.yaml:1:", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    private string Server => $$"""{ file: { cert: "{{_server.CertPath}}", key: "{{_server.KeyPath}}", default: true } }""";

    private Task<TestProxy> StartAsync(string clients, int upstream = 0, string forwarding = "") =>
        TestProxy.StartAsync(Config(clients, upstream, forwarding));

    private string Config(string clients, int upstream = 0, string forwarding = "") =>
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            forwarding: { {{forwarding}} }
            filters:
              - tls:
                  certificates: [ {{Server}} ]
                  client_certificates: { {{(clients.Contains("ca:", StringComparison.Ordinal) ? clients : $"{clients}, ca: \"{_authority.Path}\"")}} }
        routes: [ {{(upstream == 0 ? "{ respond: { body: hi } }" : "{ name: all, cluster: origin }")}} ]
        clusters: {{(upstream == 0 ? "{}" : $"{{ origin: {{ endpoints: [\"127.0.0.1:{upstream}\"] }} }}")}}
        """;

    private string WriteList(byte[] list)
    {
        var path = Path.Combine(_authority.Folder, "list.crl");
        File.WriteAllBytes(path, list);
        return path;
    }

    private static long Refused(TestProxy proxy) => proxy.Counts
        .Where(c => c.Key.StartsWith("filterproxy.tls.handshakes listener=web result=client_certificate_", StringComparison.Ordinal)).Sum(c => c.Value);

    private static Task<TlsClient> ConnectAsync(int port, X509Certificate2? certificate, X509Certificate2? intermediate = null)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = "site.example" };
        if (certificate is not null)
        {
            var chain = intermediate is null ? null : new X509Certificate2Collection(X509CertificateLoader.LoadCertificate(intermediate.RawData));
            options.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }

        return TlsClient.ConnectAsync(port, options);
    }

    /// <summary>With TLS 1.3 a client learns that it is refused only when it reads.</summary>
    private static async Task<bool> IsServedAsync(int port, X509Certificate2? certificate, X509Certificate2? intermediate = null)
    {
        try
        {
            await using var client = await ConnectAsync(port, certificate, intermediate);
            return (await client.Http.RoundTripAsync(Get)).Status == 200;
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or RawFormatException)
        {
            return false;
        }
    }
}
