using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.ScenarioTests.Tls;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>What an exchange over HTTP/2 knows of its client is what one over HTTP/1 knows: of the connection, and of the certificate.</summary>
public sealed class FactsTests : IDisposable
{
    private static readonly (string, string)[] Get =
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "site.example"), ("x-forwarded-client-cert", "Hash=forged")];

    private readonly TestCertificate _server = new("site.example");
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task Each_stream_has_the_facts_of_its_connection()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port);
        using var certificate = _authority.Issue("agent-7", ["agent.example"], ["spiffe://example/agent/7"]);
        await using var one = await ConnectAsync(proxy, certificate, SslApplicationProtocol.Http11);
        await using var two = await ConnectAsync(proxy, certificate, SslApplicationProtocol.Http2);
        await using var client = await H2Client.StartAsync(two.Stream);

        var expected = (await one.Http.RoundTripAsync("GET / HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-Client-Cert: Hash=forged\r\n\r\n")).Headers["x-facts"];
        var streams = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            streams.Add(await client.OpenAsync(end: true, Get));
        }

        var numbers = new List<string?>();
        foreach (var stream in streams)
        {
            var response = await client.ReadResponseAsync(stream);
            Assert.Equal(expected, response.Headers["x-facts"]);
            numbers.Add(response.Headers["x-number"]);
        }

        Assert.Equal(["1", "2", "3", "4", "5"], numbers.Order(StringComparer.Ordinal));
        Assert.Contains($" {certificate.Thumbprint}", expected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_upstream_learns_of_each_streams_client_and_not_what_another_forged()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port);
        using var first = _authority.Issue("agent-1");
        using var second = _authority.Issue("agent-2");
        await using var one = await ConnectAsync(proxy, first, SslApplicationProtocol.Http2);
        await using var two = await ConnectAsync(proxy, second, SslApplicationProtocol.Http2);
        await using var nobody = await ConnectAsync(proxy, null, SslApplicationProtocol.Http2);
        await using var oneClient = await H2Client.StartAsync(one.Stream);
        await using var twoClient = await H2Client.StartAsync(two.Stream);
        await using var nobodyClient = await H2Client.StartAsync(nobody.Stream);

        for (var i = 0; i < 3; i++)
        {
            foreach (var (client, certificate) in new[] { (oneClient, first), (twoClient, second), (nobodyClient, null) })
            {
                Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
                var expected = certificate is null ? null
                    : $"Hash={certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant()};Subject=\"{certificate.Subject}\"";
                Assert.Equal(expected, upstream.Requests[^1].Headers["X-Forwarded-Client-Cert"]);
            }
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        _authority.Dispose();
    }

    private Task<TestProxy> StartAsync(int upstream) => TestProxy.StartAsync(
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            protocols: [http1, http2]
            forwarding: { client_certificate: sanitize_set, client_certificate_details: [subject] }
            filters:
              - tls:
                  certificates: [ { file: { cert: "{{_server.CertPath}}", key: "{{_server.KeyPath}}", default: true } } ]
                  client_certificates: { mode: optional, ca: "{{_authority.Path}}" }
        routes: [ { name: all, cluster: origin, filters: [ facts ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] } }
        """,
        components: typeof(FactsFilter));

    private static Task<TlsClient> ConnectAsync(TestProxy proxy, X509Certificate2? certificate, SslApplicationProtocol protocol) => TlsClient.ConnectAsync(
        proxy.Port,
        new SslClientAuthenticationOptions
        {
            TargetHost = "site.example",
            ApplicationProtocols = [protocol],
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        });

    [Component("facts")]
    public sealed class FactsFilter : IResponseFilter
    {
        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            var d = exchange.Downstream;
            exchange.Response.Headers.Set(
                "x-facts",
                $"{d.ListenerName} {d.RemoteAddress} {d.RemotePort > 0} {d.ClientAddress} {d.LocalAddress}:{d.LocalPort} {d.IsTls} {d.ServerName} {d.TlsProtocol} "
                + $"{d.TlsCipher} {d.ConnectionId.Length > 0} {d.ProxyProtocol is null} {d.ClientCertificate?.Thumbprint} {d.ClientCertificateDetails?.Sha256}");
            exchange.Response.Headers.Set("x-number", $"{d.RequestNumber}");
            return default;
        }
    }
}
