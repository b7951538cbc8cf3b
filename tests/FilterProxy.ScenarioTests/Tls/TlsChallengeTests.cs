using System.Security.Authentication;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>Clients that offer protocols the listener does not speak.</summary>
public sealed class TlsChallengeTests : IDisposable
{
    private readonly TestCertificate _certificate = new("first.example");

    [Fact]
    public async Task A_challenge_is_answered_by_the_source_that_knows_it_wherever_it_stands()
    {
        await using var proxy = await StartAsync();
        await using var client = await TlsClient.ConnectAsync(proxy.Port, "first.example", ChallengeSource.Protocol);

        Assert.Equal("challenge.example", client.CommonName);
        Assert.Equal(ChallengeSource.Protocol, Encoding.ASCII.GetString(client.Stream.NegotiatedApplicationProtocol.Protocol.Span));
    }

    [Fact]
    public async Task After_a_challenge_the_connection_is_closed_and_nothing_is_served()
    {
        await using var proxy = await StartAsync();
        await using var client = await TlsClient.ConnectAsync(proxy.Port, "first.example", ChallengeSource.Protocol);

        Assert.Equal(0, await client.Stream.ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData("first.example", ChallengeSource.Protocol, "http/1.1")]
    [InlineData("first.example", "http/1.1")]
    [InlineData("first.example")]
    public async Task Who_speaks_what_the_listener_speaks_is_served(string name, params string[] protocols)
    {
        await using var proxy = await StartAsync();
        await using var client = await TlsClient.ConnectAsync(proxy.Port, name, protocols);

        Assert.Equal("first.example", client.CommonName);
        Assert.Equal("hi", (await client.Http.RoundTripAsync("GET / HTTP/1.1\r\nHost: first.example\r\n\r\n")).Text);
    }

    [Theory]
    [InlineData("first.example", "smtp")]
    [InlineData("other.example", ChallengeSource.Protocol)]
    public async Task A_protocol_that_nobody_speaks_gets_the_alert_that_says_so(string name, string protocol)
    {
        await using var proxy = await StartAsync();
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make(name, protocol));

        Assert.Equal("\x15\x03\x01\x00\x02\x02\x78", Encoding.Latin1.GetString(await client.ReadExactlyAsync(7)));
        await Poll.UntilAsync(() => proxy.Counts.ContainsKey("filterproxy.tls.handshakes listener=web result=no_application_protocol"));
    }

    [Fact]
    public async Task A_source_that_fails_costs_the_one_handshake()
    {
        await using var proxy = await StartAsync();

        await Assert.ThrowsAnyAsync<AuthenticationException>(() => TlsClient.ConnectAsync(proxy.Port, "broken.example"));
        await using var client = await TlsClient.ConnectAsync(proxy.Port, "first.example");

        Assert.Contains(proxy.LogLines, line => line.Contains("a certificate source failed for 'broken.example'", StringComparison.Ordinal));
    }

    public void Dispose() => _certificate.Dispose();

    private Task<TestProxy> StartAsync() => TestProxy.StartAsync(
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            filters:
              - tls:
                  certificates:
                    - file: { cert: "{{_certificate.CertPath}}", key: "{{_certificate.KeyPath}}" }
                    - challenge
        routes: [ { respond: { body: hi } } ]
        """,
        components: typeof(ChallengeSource));
}
