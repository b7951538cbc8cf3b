using System.Security.Authentication;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>TLS to an upstream, over both protocols: whose certificate is believed, and what is shown of our own.</summary>
public sealed class UpstreamTlsTests : IDisposable
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly TestCertificate _certificate = new("api.example.com");

    public static TheoryData<string> Protocols => ["http1", "h2", "auto"];

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_certificate_of_the_given_authority_and_name_is_believed(string protocol)
    {
        await using var upstream = await StartAsync();
        await using var proxy = await ThroughAsync(upstream, protocol, $"ca: \"{_certificate.CertPath}\", server_name: api.example.com");

        Assert.Equal("api.example.com", (await proxy.SendAsync(Get)).Text);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_certificate_of_another_name_is_a_502(string protocol)
    {
        await using var upstream = await StartAsync();
        await using var proxy = await ThroughAsync(upstream, protocol, $"ca: \"{_certificate.CertPath}\", server_name: www.example.com");

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_certificate_of_an_unknown_authority_is_a_502(string protocol)
    {
        await using var upstream = await StartAsync();
        await using var proxy = await ThroughAsync(upstream, protocol, "server_name: api.example.com");

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task An_expired_certificate_is_a_502(string protocol)
    {
        using var expired = new TestCertificate(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(-1), "api.example.com");
        await using var upstream = await StartAsync(expired);
        await using var proxy = await ThroughAsync(upstream, protocol, $"ca: \"{expired.CertPath}\", server_name: api.example.com");

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Insecure_believes_anything(string protocol)
    {
        using var expired = new TestCertificate(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(-1), "api.example.com");
        await using var upstream = await StartAsync(expired);
        await using var proxy = await ThroughAsync(upstream, protocol, "insecure: true, server_name: other");

        Assert.Equal("other", (await proxy.SendAsync(Get)).Text);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_client_certificate_is_shown_where_it_is_asked_for(string protocol)
    {
        using var own = new TestCertificate("proxy.example.com");
        await using var upstream = await StartAsync(https: RequireCertificate);
        await using var proxy = await ThroughAsync(
            upstream, protocol, $"insecure: true, client_certificate: {{ cert: \"{own.CertPath}\", key: \"{own.KeyPath}\" }}");

        Assert.Equal("CN=proxy.example.com", (await proxy.SendAsync("GET /certificate HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Without_the_client_certificate_the_upstream_requires_it_is_a_502(string protocol)
    {
        await using var upstream = await StartAsync(https: RequireCertificate);
        await using var proxy = await ThroughAsync(upstream, protocol, "insecure: true");

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [InlineData("tls12", 200)]
    [InlineData("tls13", 502)]
    public async Task An_upstream_of_an_older_version_than_the_oldest_is_a_502(string version, int status)
    {
        await using var upstream = await StartAsync(https: o => o.SslProtocols = SslProtocols.Tls12);
        await using var proxy = await ThroughAsync(upstream, "http1", $"insecure: true, min_version: {version}");

        Assert.Equal(status, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task A_renewed_client_certificate_is_taken_over_with_the_next_configuration()
    {
        using var first = new TestCertificate("one.example.com");
        using var second = new TestCertificate("two.example.com");
        await using var upstream = await StartAsync(https: RequireCertificate);
        var tls = $"insecure: true, client_certificate: {{ cert: \"{first.CertPath}\", key: \"{first.KeyPath}\" }}";
        await using var proxy = await ThroughAsync(upstream, "h2", tls);
        Assert.Equal("CN=one.example.com", (await proxy.SendAsync("GET /certificate HTTP/1.1\r\nHost: a\r\n\r\n")).Text);

        second.WriteTo(Path.GetDirectoryName(first.CertPath)!);
        Assert.Equal("", await proxy.ReloadAsync(Yaml(upstream, "h2", tls)));

        Assert.Equal("CN=two.example.com", (await proxy.SendAsync("GET /certificate HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Theory]
    [InlineData("protocol: h2", "h2 is spoken over TLS")]
    [InlineData("protocol: h2c, tls: { insecure: true }", "h2c is HTTP/2 in the clear")]
    [InlineData("tls: { client_certificate: { cert: missing.pem, key: missing.key } }", "the certificate cannot be read")]
    [InlineData("tls: { ca: missing.pem }", "the certificates cannot be read")]
    [InlineData("protocol: h2c, proxy_protocol: v2", "serves many clients")]
    [InlineData("http2: { stream_window: 1KiB }", "stream_window")]
    [InlineData("http2: { ping_interval: 10ms }", "a second apart")]
    public async Task What_cannot_be_is_refused_with_the_configuration(string cluster, string message)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(1, cluster: cluster));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _certificate.Dispose();

    private static void RequireCertificate(HttpsConnectionAdapterOptions options)
    {
        options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        options.ClientCertificateValidation = static (_, _, _) => true;
    }

    private Task<Http2Upstream> StartAsync(TestCertificate? certificate = null, Action<HttpsConnectionAdapterOptions>? https = null) => Http2Upstream.StartAsync(
        x => x.Response.WriteAsync(x.Request.Path == "/certificate"
            ? x.Connection.ClientCertificate!.Subject
            : x.Features.Get<Microsoft.AspNetCore.Connections.Features.ITlsHandshakeFeature>()!.HostName),
        certificate ?? _certificate,
        HttpProtocols.Http1AndHttp2,
        https);

    private static Task<TestProxy> ThroughAsync(Http2Upstream upstream, string protocol, string tls) =>
        TestProxy.StartAsync(Yaml(upstream, protocol, tls));

    private static string Yaml(Http2Upstream upstream, string protocol, string tls) =>
        $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"], protocol: {{protocol}}, tls: { {{tls}} } } }
        """;
}
