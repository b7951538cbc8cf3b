using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>TLS on both sides: certificates by name towards clients, verification towards upstreams.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificate _first = new("first.example", "*.wild.example");
    private readonly TestCertificate _second = new("second.example");

    [Theory]
    [InlineData("first.example", "first.example")]
    [InlineData("FIRST.example", "first.example")]
    [InlineData("a.wild.example", "first.example")]
    [InlineData("second.example", "second.example")]
    public async Task The_certificate_follows_the_name_the_client_asks_for(string asked, string shown)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, fallback: false);

        Assert.Equal(shown, await HandshakeAsync(proxy.Port, asked));
    }

    [Theory]
    [InlineData("other.example")]
    [InlineData("a.b.wild.example")]
    [InlineData("wild.example")]
    public async Task A_name_without_a_certificate_gets_none_unless_one_is_the_default(string asked)
    {
        await using var upstream = TestUpstream.Start();
        await using var strict = await StartAsync(upstream.Port, fallback: false);
        await using var lenient = await StartAsync(upstream.Port, fallback: true);

        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(strict.Port, asked));
        Assert.Equal("second.example", await HandshakeAsync(lenient.Port, asked));
    }

    [Fact]
    public async Task An_upstream_over_TLS_is_verified_by_the_ca_that_is_given()
    {
        using var upstream = new TlsUpstream(_first);
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, cluster: $$"""tls: { server_name: first.example, ca: "{{_first.CertPath}}" }""");

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((200, "secret"), (response.Status, response.Text));
    }

    [Theory]
    [InlineData("tls: { server_name: first.example }")]
    [InlineData("tls: { server_name: second.example, ca: \"{ca}\" }")]
    public async Task An_upstream_whose_certificate_does_not_hold_gets_no_request(string tls)
    {
        using var upstream = new TlsUpstream(_first);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, cluster: tls.Replace("{ca}", _first.CertPath, StringComparison.Ordinal));

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(502, response.Status);
        Assert.Contains("connect_failed", response.Text, StringComparison.Ordinal);
        Assert.Equal(0, upstream.Served);
    }

    [Fact]
    public async Task Insecure_accepts_any_certificate()
    {
        using var upstream = new TlsUpstream(_second);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, cluster: "tls: { insecure: true }");

        Assert.Equal("secret", (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    private Task<TestProxy> StartAsync(int upstreamPort, bool fallback) => TestProxy.StartAsync(
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            filters:
              - tls:
                  certificates:
                    - file: { cert: "{{_first.CertPath}}", key: "{{_first.KeyPath}}" }
                    - file: { cert: "{{_second.CertPath}}", key: "{{_second.KeyPath}}", default: {{(fallback ? "true" : "false")}} }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstreamPort}}"] } }
        """);

    /// <summary>The common name of the certificate the listener shows for a name.</summary>
    private static async Task<string> HandshakeAsync(int port, string name)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(name).WaitAsync(TimeSpan.FromSeconds(10));
        using var shown = new X509Certificate2(tls.RemoteCertificate!);
        return shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    }

    /// <summary>An upstream that speaks TLS and answers every request alike.</summary>
    private sealed class TlsUpstream : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;
        private int _served;

        public TlsUpstream(TestCertificate certificate)
        {
            using var pem = X509Certificate2.CreateFromPemFile(certificate.CertPath, certificate.KeyPath);
            _certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Served => Volatile.Read(ref _served);

        public void Dispose()
        {
            _listener.Dispose();
            _certificate.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await ServeAsync(client);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            try
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(_certificate);
                var request = new byte[4096];
                if (await tls.ReadAsync(request) > 0)
                {
                    Interlocked.Increment(ref _served);
                    await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"u8.ToArray());
                }
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The proxy did not like the certificate.
            }
        }
    }
}
