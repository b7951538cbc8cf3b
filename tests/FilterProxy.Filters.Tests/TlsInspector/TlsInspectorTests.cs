using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TlsInspector;

/// <summary>What becomes of what is no good ClientHello, and what is found in a good one.</summary>
public sealed class TlsInspectorTests
{
    [Theory]
    [InlineData("SSH-2.0-x\r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    public async Task What_is_no_TLS_is_handed_on(string start)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await StartAsync(upstream.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SayAsync(start);

        using var server = await upstream.AcceptAsync();
        Assert.Equal(start, await server.HearAsync(start.Length));
        Assert.Equal(1, Outcome(proxy, "not_tls"));
    }

    [Fact]
    public async Task What_is_no_TLS_is_closed_where_that_is_wanted()
    {
        await using var proxy = await StartAsync(1, "not_tls: close");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SayAsync("SSH-2.0-x\r\n");

        Assert.False(await client.EndsOrderlyAsync());
        Assert.Equal(1, Outcome(proxy, "not_tls_refused"));
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_closed_in_time()
    {
        await using var proxy = await StartAsync(1, "timeout: 200ms");
        var began = Stopwatch.GetTimestamp();
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.False(await client.EndsOrderlyAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 150, 15_000);
        Assert.Equal(1, Outcome(proxy, "tls_timeout"));
    }

    [Fact]
    public async Task A_hello_that_never_ends_is_closed_in_time()
    {
        await using var proxy = await StartAsync(1, "timeout: 200ms");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("a.example").AsMemory(0, 40));

        Assert.False(await client.EndsOrderlyAsync());
        Assert.Equal(1, Outcome(proxy, "tls_timeout"));
    }

    [Fact]
    public async Task A_hello_over_the_size_cap_closes_the_connection_before_it_has_come()
    {
        await using var proxy = await StartAsync(1, "max_size: 1KiB");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        // A record that announces a message of 2 KiB, and its first bytes.
        await client.SendAsync(new byte[] { 22, 3, 1, 8, 4, 1, 0, 8, 0, 3, 3 });

        Assert.False(await client.EndsOrderlyAsync());
        Assert.Equal(1, Outcome(proxy, "tls_malformed"));
    }

    [Fact]
    public async Task Garbage_behind_a_record_header_never_reaches_the_upstream_or_stays()
    {
        const int Seed = 20261121;
        await using var proxy = await StartAsync(1, "timeout: 50ms, not_tls: close");
        var random = new Random(Seed);
        for (var i = 0; i < 40; i++)
        {
            var hello = ClientHello.Make("a.example", "h2");
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                hello[random.Next(5, 60)] ^= (byte)random.Next(1, 256);
            }

            // Cut short as well: whatever it is taken for, the connection is over by its deadline.
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            await client.SendAsync(hello.AsMemory(0, random.Next(1, hello.Length)));
            Assert.False(await client.EndsOrderlyAsync(), $"seed {Seed}, round {i}");
        }
    }

    [Fact]
    public void A_hello_spread_over_records_is_read()
    {
        var message = ClientHello.Message("a.example", "h2");
        byte[] bytes = [.. ClientHello.Record(message.AsSpan(0, 3)), .. ClientHello.Record(message.AsSpan(3, 50)), .. ClientHello.Record(message.AsSpan(53))];

        Assert.Equal(ClientHelloStatus.Complete, TlsClientHello.Read(new ReadOnlySequence<byte>(bytes), out var hello));
        Assert.Equal("a.example", hello!.ServerName);
        Assert.False(hello.HasEncryptedHello);
    }

    [Fact]
    public void The_fingerprint_is_that_of_JA4()
    {
        TlsClientHello.Read(new ReadOnlySequence<byte>(ClientHello.Make("a.example", "h2", "http/1.1")), out var hello, fingerprint: true);

        // By hand from what the test's hello offers: four suites, six extensions with the name's and the protocols'.
        var suites = Digest("1301,1302,c02b,c02f");
        var extensions = Digest("000a,000d,002b,0033_0403,0804,0401");
        Assert.Equal($"t13d0406h2_{suites}_{extensions}", hello!.Fingerprint);
    }

    [Fact]
    public void An_encrypted_hello_is_noticed_and_its_outer_name_read()
    {
        var plain = ClientHello.Message("public.example");

        // One more extension, of the type of RFC 9849, at the end of the list; the lengths before it grow.
        byte[] extension = [0xfe, 0x0d, 0, 4, 0, 1, 2, 3];
        byte[] message = [.. plain, .. extension];
        var list = FindExtensions(plain);
        var length = (plain[list] << 8 | plain[list + 1]) + extension.Length;
        (message[list], message[list + 1]) = ((byte)(length >> 8), (byte)length);
        var whole = message.Length - 4;
        (message[1], message[2], message[3]) = ((byte)(whole >> 16), (byte)(whole >> 8), (byte)whole);

        Assert.Equal(ClientHelloStatus.Complete, TlsClientHello.Read(new ReadOnlySequence<byte>(ClientHello.Record(message)), out var hello));
        Assert.True(hello!.HasEncryptedHello);
        Assert.Equal("public.example", hello.ServerName);
    }

    [Theory]
    [InlineData("timeout: 0", "timeout must be")]
    [InlineData("max_size: 100KiB", "max_size must be")]
    public async Task Configurations_that_make_no_sense_are_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    // Behind type, length, version, random, session id, suites and compression methods.
    private static int FindExtensions(byte[] message)
    {
        var at = 4 + 2 + 32;
        at += 1 + message[at];
        at += 2 + (message[at] << 8 | message[at + 1]);
        return at + 1 + message[at];
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..12];

    private static long Outcome(TestProxy proxy, string outcome) =>
        proxy.Counts.GetValueOrDefault($"filterproxy.tls_inspector.connections outcome={outcome}");

    private static Task<TestProxy> StartAsync(int port, string options = "") =>
        RelayProxy.StartAsync(port, before: $"{{ tls_inspector: {{ {options} }} }},");
}
