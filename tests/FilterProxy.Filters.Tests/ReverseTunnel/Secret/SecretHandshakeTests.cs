using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Server;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Secret;

/// <summary>How a visitor and an agent know each other, and what somebody between them can do about it.</summary>
public sealed class SecretHandshakeTests : IDisposable
{
    private const int Nonce = SecretKey.NonceLength, Proof = SecretKey.ProofLength;

    private readonly SecretKey _key = new(VisitRig.Key, "acme", "apps", "ssh");
    private readonly SslStreamCertificateContext _agents = Certificate(), _betweens = Certificate();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Both_hear_what_the_other_says_and_its_end()
    {
        var (visitor, agent) = await MeetAsync();

        await visitor.Output.WriteAsync("ask"u8.ToArray());
        await visitor.EndOutputAsync();
        Assert.Equal("ask", await ReadToEndAsync(agent));
        await agent.Output.WriteAsync("answer"u8.ToArray());
        await agent.EndOutputAsync();

        Assert.Equal("answer", await ReadToEndAsync(visitor));
    }

    [Fact]
    public async Task An_end_that_was_not_announced_is_a_cut()
    {
        var (one, other) = LineEnd.Pair();
        var (visitor, agent) = await MeetAsync(one, other);
        await visitor.Output.WriteAsync("half of"u8.ToArray());

        await one.Output.CompleteAsync();

        await Assert.ThrowsAsync<ConnectionResetException>(() => ReadToEndAsync(agent));
    }

    [Theory]
    [InlineData(VisitRig.OtherKey, "acme", "apps", "ssh")]
    [InlineData(VisitRig.Key, "other", "apps", "ssh")]
    [InlineData(VisitRig.Key, "acme", "more", "ssh")]
    [InlineData(VisitRig.Key, "acme", "apps", "db")]
    public async Task Another_key_or_another_service_is_refused_by_the_visitor_before_it_proves_anything(string key, string tenant, string cluster, string service)
    {
        var (one, other) = LineEnd.Pair();
        var accepting = SecretHandshake.AcceptAsync(other, _agents, new SecretKey(key, tenant, cluster, service), _limit.Token).AsTask();

        Assert.Equal("tunnel_secret_mismatch", (await Assert.ThrowsAsync<UpstreamException>(async () => await SecretHandshake.ConnectAsync(one, _key, _limit.Token))).Error.Detail);

        // It has left without a proof, so that there is nothing to compare.
        Assert.Equal("tunnel_secret_failed", (await Assert.ThrowsAsync<UpstreamException>(() => accepting)).Error.Detail);
    }

    [Fact]
    public async Task A_server_that_ends_the_encryption_itself_and_passes_everything_on_is_found_out()
    {
        var (visitorEnd, toVisitor) = LineEnd.Pair();
        var (toAgent, agentEnd) = LineEnd.Pair();
        var visiting = SecretHandshake.ConnectAsync(visitorEnd, _key, _limit.Token).AsTask();
        var accepting = SecretHandshake.AcceptAsync(agentEnd, _agents, _key, _limit.Token).AsTask();
        await using var visitor = await ServeTlsAsync(toVisitor, _betweens);
        await using var agent = await AskTlsAsync(toAgent);

        await agent.WriteAsync(await ReadAsync(visitor, Nonce));
        await visitor.WriteAsync(await ReadAsync(agent, Nonce + Proof));

        Assert.Equal("tunnel_secret_mismatch", (await Assert.ThrowsAsync<UpstreamException>(() => visiting)).Error.Detail);

        // Nothing more came that could be passed on.
        Assert.Equal(0, await visitor.ReadAsync(new byte[1]));
        await toAgent.DisposeAsync();
        await Assert.ThrowsAsync<UpstreamException>(() => accepting);
    }

    [Fact]
    public async Task A_proof_for_the_certificate_of_somebody_between_is_none_for_the_agents()
    {
        var (nonces, send) = await AskAgentAsync();

        await send(_key.ProveVisitor(_betweens.TargetCertificate.RawData, nonces.Visitor, nonces.Agent));
    }

    [Fact]
    public async Task A_proof_that_was_heard_once_is_worth_nothing_again()
    {
        var (before, _) = await AskAgentAsync(isAccepted: true);
        var (_, send) = await AskAgentAsync(before.Visitor);

        await send(_key.ProveVisitor(_agents.TargetCertificate.RawData, before.Visitor, before.Agent));
    }

    [Fact]
    public async Task The_agents_own_proof_sent_back_is_none()
    {
        var (nonces, send) = await AskAgentAsync();

        await send(_key.ProveAgent(_agents.TargetCertificate.RawData, nonces.Visitor, nonces.Agent));
    }

    [Fact]
    public async Task What_is_changed_on_the_way_ends_the_connection()
    {
        var (visitorEnd, near) = LineEnd.Pair();
        var (far, agentEnd) = LineEnd.Pair();
        var changes = new[] { false };
        var copying = Task.WhenAll(CopyAsync(near, far, changes), CopyAsync(far, near, [false]));
        var (visitor, agent) = await MeetAsync(visitorEnd, agentEnd);

        changes[0] = true;
        await visitor.Output.WriteAsync("pay 10"u8.ToArray());

        await Assert.ThrowsAnyAsync<IOException>(() => ReadToEndAsync(agent));
        await visitor.DisposeAsync();
        await agent.DisposeAsync();
        await copying;
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001")]
    public async Task What_is_no_visitor_is_refused_by_the_agent_and_what_is_no_agent_by_the_visitor(string text)
    {
        foreach (var accepts in new[] { true, false })
        {
            var (one, other) = LineEnd.Pair();
            await one.Output.WriteAsync(Encoding.Latin1.GetBytes(text));
            await one.Output.CompleteAsync();

            var failed = await Assert.ThrowsAsync<UpstreamException>(async () => await (accepts
                ? SecretHandshake.AcceptAsync(other, _agents, _key, _limit.Token)
                : SecretHandshake.ConnectAsync(other, _key, _limit.Token)));

            Assert.Equal("tunnel_secret_failed", failed.Error.Detail);
        }
    }

    [Fact]
    public async Task Who_says_nothing_is_waited_for_no_longer_than_asked()
    {
        using var patience = new CancellationTokenSource();
        var (_, other) = LineEnd.Pair();
        var accepting = SecretHandshake.AcceptAsync(other, _agents, _key, patience.Token).AsTask();

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
    }

    [Theory]
    [InlineData("connection_refused", "connection_refused")]
    [InlineData("Not a code\n", "tunnel_refused")]
    public async Task The_visitor_hears_why_the_agent_cannot_reach_its_service(string reason, string heard)
    {
        var (one, other) = LineEnd.Pair();
        var visiting = SecretHandshake.ConnectAsync(one, _key, _limit.Token).AsTask();
        var agent = await SecretHandshake.AcceptAsync(other, _agents, _key, _limit.Token);

        await SecretHandshake.AnswerAsync(agent, reason, _limit.Token);

        Assert.Equal(heard, (await Assert.ThrowsAsync<UpstreamException>(() => visiting)).Error.Detail);
    }

    private static SslStreamCertificateContext Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        return SslStreamCertificateContext.Create(request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)), null, offline: true);
    }

    private static SslStream Tls(LineEnd end) => new(new TransportStream(end.Transport, () => { }), leaveInnerStreamOpen: true);

    private static async Task<SslStream> ServeTlsAsync(LineEnd end, SslStreamCertificateContext certificate)
    {
        var tls = Tls(end);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate, EnabledSslProtocols = SslProtocols.Tls13, ApplicationProtocols = [new("filterproxy-secret/1")],
        });
        return tls;
    }

    private static async Task<SslStream> AskTlsAsync(LineEnd end)
    {
        var tls = Tls(end);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "", EnabledSslProtocols = SslProtocols.Tls13, ApplicationProtocols = [new("filterproxy-secret/1")],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        return tls;
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    private static async Task<string> ReadToEndAsync(SecretConnection connection)
    {
        var text = new StringBuilder();
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            text.Append(Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer)));
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return text.ToString();
            }
        }
    }

    // The last byte of a record is of its authentication tag.
    private static async Task CopyAsync(LineEnd from, LineEnd to, bool[] changes)
    {
        while (true)
        {
            var read = await from.Input.ReadAsync();
            var bytes = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
            from.Input.AdvanceTo(read.Buffer.End);
            if (changes[0] && bytes.Length > 0)
            {
                bytes[^1] ^= 1;
            }

            await to.Output.WriteAsync(bytes);
            if (read.IsCompleted)
            {
                await to.Output.CompleteAsync();
                return;
            }
        }
    }

    private Task<(SecretConnection Visitor, SecretConnection Agent)> MeetAsync()
    {
        var (one, other) = LineEnd.Pair();
        return MeetAsync(one, other);
    }

    private async Task<(SecretConnection Visitor, SecretConnection Agent)> MeetAsync(LineEnd one, LineEnd other)
    {
        var visiting = SecretHandshake.ConnectAsync(one, _key, _limit.Token).AsTask();
        var agent = await SecretHandshake.AcceptAsync(other, _agents, _key, _limit.Token);
        await SecretHandshake.AnswerAsync(agent, "", _limit.Token);
        return (await visiting, agent);
    }

    /// <summary>A visitor made by hand, up to its proof.</summary>
    /// <returns>The nonces, and what sends a proof and sees it refused.</returns>
    private async Task<((byte[] Visitor, byte[] Agent) Nonces, Func<byte[], Task> Send)> AskAgentAsync(byte[]? nonce = null, bool isAccepted = false)
    {
        var (one, other) = LineEnd.Pair();
        var accepting = SecretHandshake.AcceptAsync(other, _agents, _key, _limit.Token).AsTask();
        var tls = await AskTlsAsync(one);
        var visitor = nonce ?? RandomNumberGenerator.GetBytes(Nonce);
        await tls.WriteAsync(visitor);
        var agent = (await ReadAsync(tls, Nonce + Proof))[..Nonce];
        if (isAccepted)
        {
            await tls.WriteAsync(_key.ProveVisitor(_agents.TargetCertificate.RawData, visitor, agent));
            await accepting;
        }

        return ((visitor, agent), async proof =>
        {
            await tls.WriteAsync(proof);
            Assert.Equal("tunnel_secret_mismatch", (await Assert.ThrowsAsync<UpstreamException>(() => accepting)).Error.Detail);
        });
    }
}
