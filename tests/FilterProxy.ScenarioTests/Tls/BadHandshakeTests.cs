using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>What comes to a port with TLS that is no handshake, or none that can end well.</summary>
public sealed class BadHandshakeTests : IDisposable
{
    private readonly TestCertificate _certificate = new("site.example");

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task A_hello_that_comes_byte_by_byte_is_a_hello(string io)
    {
        await using var proxy = await StartAsync(io: io);
        using var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, proxy.Port);
        await using var tls = new SslStream(new ByteByByte(tcp.GetStream()), false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("site.example").WaitAsync(TimeSpan.FromSeconds(30));
        await using var client = new RawClient(tls);

        Assert.Equal("hi", (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Theory]
    [InlineData("sockets", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("direct", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("sockets", "POST /form HTTP/1.0\r\n")]
    [InlineData("direct", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public async Task A_request_in_plain_text_gets_400_and_learns_why(string io, string request)
    {
        await using var proxy = await StartAsync(io: io);
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(request);

        var response = await client.ReadResponseAsync();

        Assert.Equal((400, "close"), (response.Status, response.Headers["Connection"]));
        Assert.Equal("A plain HTTP request was sent to an HTTPS port (plain_http)\n", response.Text);
        client.CloseSending();
        Assert.True(await client.IsClosedByPeerAsync());
        await CountedAsync(proxy, "plain_http");
    }

    [Fact]
    public async Task Who_does_not_go_after_that_is_closed()
    {
        await using var proxy = await StartAsync();
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n");
        await client.ReadResponseAsync();

        Assert.True(await client.IsClosedByPeerAsync(TimeSpan.FromSeconds(8)));
        await Poll.UntilAsync(() => proxy.OpenConnections == 0);
    }

    [Theory]
    [InlineData("SSH-2.0-client\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10")]
    public async Task Other_bytes_are_closed_without_a_word(string bytes)
    {
        await using var proxy = await StartAsync();
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(bytes);

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Empty(client.Received);
        await CountedAsync(proxy, "not_tls");
    }

    [Fact]
    public async Task A_hello_that_cannot_be_read_gets_the_alert_that_says_so()
    {
        await using var proxy = await StartAsync();
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(new byte[] { 22, 3, 1, 0, 4, 1, 0, 0, 0 });

        Assert.Equal([21, 3, 1, 0, 2, 2, 50], await client.ReadExactlyAsync(7));
        await CountedAsync(proxy, "malformed_hello");
    }

    [Fact]
    public async Task A_hello_that_only_the_library_finds_wrong_ends_the_connection()
    {
        await using var proxy = await StartAsync();
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("site.example"));
        await client.SendAsync("\x16\x03\x03\x00\x05garba");
        client.CloseSending();

        await client.ReadToEndAsync();

        await Poll.UntilAsync(() => proxy.Counts.Keys.Any(k => k.StartsWith("filterproxy.tls.handshakes listener=web result=", StringComparison.Ordinal)));
        await Poll.UntilAsync(() => proxy.OpenConnections == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("unknown_server_name: reject, ")]
    public async Task A_name_that_nobody_knows_gets_the_alert_that_says_so(string option)
    {
        await using var proxy = await StartAsync(option, isDefault: option.Length > 0);
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("other.example"));

        Assert.Equal([21, 3, 1, 0, 2, 2, 112], await client.ReadExactlyAsync(7));
        await CountedAsync(proxy, "unknown_server_name");
    }

    [Fact]
    public async Task Where_unknown_names_are_rejected_a_client_without_a_name_still_gets_the_default()
    {
        await using var proxy = await StartAsync("unknown_server_name: reject, ", isDefault: true);

        await using var client = await TlsClient.ConnectAsync(proxy.Port, "127.0.0.1");

        Assert.Equal("site.example", client.CommonName);
    }

    [Fact]
    public async Task A_hello_that_is_not_followed_up_is_closed_at_its_deadline()
    {
        await using var proxy = await StartAsync("handshake_timeout: 300ms, ");
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("site.example"));

        await client.ReadToEndAsync();

        await CountedAsync(proxy, "timeout");
        await Counted.TimeoutAsync(proxy, "tls.handshake_timeout");
    }

    [Fact]
    public async Task Handshakes_beyond_the_limit_are_closed_and_places_come_back()
    {
        await using var proxy = await StartAsync("max_handshakes: 2, ");
        await using var first = await RawClient.ConnectAsync(proxy.Port);
        await using var second = await RawClient.ConnectAsync(proxy.Port);
        await using var silent = await RawClient.ConnectAsync(proxy.Port);
        foreach (var client in new[] { first, second })
        {
            await client.SendAsync(ClientHello.Make("site.example"));
            Assert.Equal(22, (await client.ReadExactlyAsync(1))[0]);
        }

        await using var third = await RawClient.ConnectAsync(proxy.Port);
        await third.SendAsync(ClientHello.Make("site.example"));
        Assert.True(await third.IsClosedByPeerAsync());
        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.limit.reached limit=tls.max_handshakes") == 1);

        first.Reset();
        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.tls.handshakes listener=web result=closed") == 1);
        await using var fourth = await TlsClient.ConnectAsync(proxy.Port, "site.example");
        Assert.Equal("site.example", fourth.CommonName);
    }

    [Fact]
    public async Task Failures_of_a_kind_are_said_once_in_a_while_and_all_counted()
    {
        await using var proxy = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await using var client = await RawClient.ConnectAsync(proxy.Port);
            await client.SendAsync("\0\0\0\0\0");
            await client.IsClosedByPeerAsync();
        }

        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.tls.handshakes listener=web result=not_tls") == 5);
        Assert.Single(proxy.LogLines, line => line.StartsWith("Information: Listener 'web': a TLS handshake of 127.0.0.1:", StringComparison.Ordinal) && line.Contains("not_tls", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_does_not_trust_the_certificate_is_told_apart()
    {
        await using var proxy = await StartAsync();
        await Assert.ThrowsAsync<AuthenticationException>(() => TlsClient.ConnectAsync(
            proxy.Port,
            new SslClientAuthenticationOptions { TargetHost = "site.example", EnabledSslProtocols = SslProtocols.Tls12, RemoteCertificateValidationCallback = static (_, _, _, _) => false }));

        await Poll.UntilAsync(() => proxy.Counts.Keys.Any(k => k is "filterproxy.tls.handshakes listener=web result=client_alert"
            or "filterproxy.tls.handshakes listener=web result=ok version=1.2"));
    }

    public void Dispose() => _certificate.Dispose();

    private Task<TestProxy> StartAsync(string options = "", bool isDefault = false, string io = "auto") => TestProxy.StartAsync(
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            io: {{io}}
            filters:
              - tls: { {{options}}certificates: [ { file: { cert: "{{_certificate.CertPath}}", key: "{{_certificate.KeyPath}}", default: {{(isDefault ? "true" : "false")}} } } ] }
        routes: [ { respond: { body: hi } } ]
        """);

    private static Task CountedAsync(TestProxy proxy, string result) =>
        Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault($"filterproxy.tls.handshakes listener=web result={result}") == 1, what: result);

    /// <summary>Writes every byte by itself.</summary>
    private sealed class ByteByByte(Stream inner) : Stream
    {
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

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                await inner.WriteAsync(buffer.Slice(i, 1), cancellationToken);
                await Task.Yield();
            }
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
