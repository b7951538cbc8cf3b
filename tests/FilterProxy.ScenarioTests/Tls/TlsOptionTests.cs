using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>What the options of <c>tls</c> change for clients.</summary>
public sealed class TlsOptionTests : IDisposable
{
    private const string Get = "GET / HTTP/1.1\r\nHost: site.example\r\n\r\n";
    private readonly TestCertificate _certificate = new("site.example");

    [Theory]
    [InlineData("", SslProtocols.Tls12, true)]
    [InlineData("", SslProtocols.Tls13, true)]
    [InlineData("min_version: tls13, ", SslProtocols.Tls12, false)]
    [InlineData("min_version: tls13, ", SslProtocols.Tls13, true)]
    [InlineData("max_version: tls12, ", SslProtocols.Tls12, true)]
    [InlineData("max_version: tls12, ", SslProtocols.Tls13, false)]
    public async Task Versions_outside_the_range_are_not_spoken(string options, SslProtocols version, bool spoken)
    {
        await using var proxy = await StartAsync(options);
        var client = new SslClientAuthenticationOptions { TargetHost = "site.example", EnabledSslProtocols = version };
        if (spoken)
        {
            await using var connected = await TlsClient.ConnectAsync(proxy.Port, client);
            Assert.Equal(version, connected.Stream.SslProtocol);
            await CountedAsync(proxy, $"result=ok version={(version == SslProtocols.Tls12 ? "1.2" : "1.3")}");
        }
        else
        {
            await Assert.ThrowsAsync<AuthenticationException>(() => TlsClient.ConnectAsync(proxy.Port, client));
            await CountedAsync(proxy, "result=unsupported_version");
        }
    }

    [Theory]
    [InlineData("TLS_AES_256_GCM_SHA384", TlsCipherSuite.TLS_AES_256_GCM_SHA384)]
    [InlineData("TLS_CHACHA20_POLY1305_SHA256", TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256)]
    public async Task Only_the_cipher_suites_that_are_listed_are_used(string suite, TlsCipherSuite expected)
    {
        await using var proxy = await StartAsync($"cipher_suites: [{suite}], ");
        await using var client = await TlsClient.ConnectAsync(proxy.Port, "site.example");

        Assert.Equal(expected, client.Stream.NegotiatedCipherSuite);
    }

    [Fact]
    public async Task A_client_that_knows_none_of_the_cipher_suites_is_told_apart()
    {
        await using var proxy = await StartAsync("max_version: tls12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], ");

        await Assert.ThrowsAsync<AuthenticationException>(() => TlsClient.ConnectAsync(proxy.Port, new SslClientAuthenticationOptions
        {
            TargetHost = "site.example",
#pragma warning disable CA1416 // The tests run where OpenSSL does TLS.
            CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]),
#pragma warning restore CA1416
        }));

        await CountedAsync(proxy, "result=no_shared_cipher");
    }

    [Theory]
    [InlineData("cipher_suites: [TLS_AES_256_GCM_SHA348], ", "did you mean 'TLS_AES_256_GCM_SHA384'?")]
    [InlineData("min_version: tls13, max_version: tls12, ", "min_version is higher than max_version")]
    [InlineData("min_version: tls10, ", "expected one of tls12, tls13")]
    [InlineData("min_version: tls13, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], ", "none of the cipher suites is one of TLS 1.3")]
    public async Task Options_that_cannot_be_are_refused_with_their_place(string options, string expected)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("test.yaml:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "-tls1_3", true)]
    [InlineData("", "-tls1_2", true)]
    [InlineData("session_tickets: false, ", "-tls1_3", false)]
    [InlineData("session_tickets: false, ", "-tls1_2", false)]
    [InlineData("cipher_suites: [TLS_AES_256_GCM_SHA384], ", "-tls1_3", false)]
    public async Task A_client_comes_back_with_its_ticket_where_it_got_one(string options, string version, bool resumed)
    {
        await using var proxy = await StartAsync(options);
        var session = Path.GetTempFileName();
        try
        {
            await OpenSslAsync(proxy.Port, version, "-sess_out", session);
            var second = new FileInfo(session).Length == 0 ? "New" : await OpenSslAsync(proxy.Port, version, "-sess_in", session);

            Assert.Equal(resumed, second.Contains("Reused, ", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(session);
        }
    }

    [Fact]
    public async Task Intermediates_are_sent_so_that_the_root_is_all_a_client_needs()
    {
        using var root = new TestAuthority("Root");
        using var intermediate = new TestAuthority("Intermediate", root);
        using var certificate = intermediate.Issue("site.example", ["site.example"]);
        var (cert, key) = intermediate.Write(certificate, "site");
        await using var proxy = await StartAsync(cert: cert, key: key);
        using var trusted = X509CertificateLoader.LoadCertificate(root.Certificate.RawData);
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(trusted);

        await using var client = await TlsClient.ConnectAsync(proxy.Port, new SslClientAuthenticationOptions
        {
            TargetHost = "site.example",
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = static (_, _, _, errors) => errors == SslPolicyErrors.None,
        });

        Assert.Equal("site.example", client.CommonName);
    }

    [Fact]
    public async Task New_options_hold_for_the_next_connection_and_the_old_ones_stay()
    {
        await using var proxy = await StartAsync();
        await using var client = await TlsClient.ConnectAsync(proxy.Port, new SslClientAuthenticationOptions { TargetHost = "site.example", EnabledSslProtocols = SslProtocols.Tls12 });

        Assert.Equal("", await proxy.ReloadAsync(Config("min_version: tls13, ")));

        Assert.Equal(200, (await client.Http.RoundTripAsync(Get)).Status);
        await Assert.ThrowsAsync<AuthenticationException>(() => TlsClient.ConnectAsync(
            proxy.Port, new SslClientAuthenticationOptions { TargetHost = "site.example", EnabledSslProtocols = SslProtocols.Tls12 }));
    }

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task An_orderly_end_says_close_notify(string io)
    {
        await using var proxy = await StartAsync(io: io);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, proxy.Port);
        var records = new RecordLog(tcp.GetStream());
        await using var tls = new SslStream(records, false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "site.example", EnabledSslProtocols = SslProtocols.Tls12 });
        await using var client = new RawClient(tls);

        await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        await client.ReadToEndAsync();

        // An encrypted record of the type alert ends what was received.
        Assert.Equal(21, records.LastType);
    }

    public void Dispose() => _certificate.Dispose();

    private Task<TestProxy> StartAsync(string options = "", string? cert = null, string? key = null, string io = "auto") =>
        TestProxy.StartAsync(Config(options, cert, key, io));

    private string Config(string options, string? cert = null, string? key = null, string io = "auto") =>
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            io: {{io}}
            filters:
              - tls: { {{options}}certificates: [ { file: { cert: "{{cert ?? _certificate.CertPath}}", key: "{{key ?? _certificate.KeyPath}}" } } ] }
        routes: [ { respond: { body: hi } } ]
        """;

    private static Task CountedAsync(TestProxy proxy, string tags) =>
        Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault($"filterproxy.tls.handshakes listener=web {tags}") == 1, what: tags);

    /// <summary>Sends a request with OpenSSL's client, which tells whether it resumed a session, and returns all it says.</summary>
    private static async Task<string> OpenSslAsync(int port, params string[] options)
    {
        var start = new ProcessStartInfo("openssl") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["s_client", "-connect", $"127.0.0.1:{port}", "-servername", "site.example", "-ign_eof", .. options])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        try
        {
            await process.StandardInput.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            await process.StandardInput.FlushAsync();
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
            await errors;
            await process.WaitForExitAsync();
            Assert.Contains("200 OK", output, StringComparison.Ordinal);
            return output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Follows the records of what is read.</summary>
    private sealed class RecordLog(Stream inner) : Stream
    {
        private readonly List<byte> _header = [];
        private int _body;

        public int LastType { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => Note(buffer.AsSpan(offset), inner.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            return Note(buffer.Span, count);
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }

        private int Note(ReadOnlySpan<byte> bytes, int count)
        {
            foreach (var value in bytes[..count])
            {
                if (_body > 0)
                {
                    _body--;
                    continue;
                }

                _header.Add(value);
                if (_header.Count == 5)
                {
                    LastType = _header[0];
                    _body = (_header[3] << 8) | _header[4];
                    _header.Clear();
                }
            }

            return count;
        }
    }
}
