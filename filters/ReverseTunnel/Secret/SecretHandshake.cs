using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Server;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>
/// How a visitor and an agent come to a connection that nobody between can read: TLS 1.3 to a certificate nobody knows, and then proofs by the key both have that the
/// certificate each of them sees is the same. docs/decisions/0050 says why that is enough.
/// </summary>
internal static class SecretHandshake
{
    // The longest reason an agent may give.
    private const int LongestReason = 64;

    private static readonly SslApplicationProtocol Protocol = new("filterproxy-secret/1");

    /// <summary>The agent's side, until the visitor has proved that it has the key. <see cref="AnswerAsync"/> follows.</summary>
    /// <param name="relayed">The stream that came through the tunnel; the connection owns it from then on, and it is disposed where this fails.</param>
    /// <param name="certificate">The agent's.</param>
    /// <param name="key">The service's.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="UpstreamException">It is no visitor, or one with another key.</exception>
    public static ValueTask<SecretConnection> AcceptAsync(ConnectionContext relayed, SslStreamCertificateContext certificate, SecretKey key, CancellationToken cancel) =>
        RunAsync(relayed, async stream =>
        {
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = certificate,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [Protocol],
                    AllowTlsResume = false,
                },
                cancel);
            var own = certificate.TargetCertificate.RawData;
            var visitor = await ReadAsync(stream, SecretKey.NonceLength, cancel);
            var agent = RandomNumberGenerator.GetBytes(SecretKey.NonceLength);
            await stream.WriteAsync((byte[])[.. agent, .. key.ProveAgent(own, visitor, agent)], cancel);
            Check(await ReadAsync(stream, SecretKey.ProofLength, cancel), key.ProveVisitor(own, visitor, agent));
        });

    /// <summary>The agent's last word before bytes go on: whether its service was reached.</summary>
    /// <param name="connection">The visitor's.</param>
    /// <param name="reason">Why it was not; empty where it was.</param>
    /// <param name="cancel">Gives up.</param>
    public static async ValueTask AnswerAsync(SecretConnection connection, string reason, CancellationToken cancel)
    {
        var text = Encoding.ASCII.GetBytes(reason.Length > LongestReason ? reason[..LongestReason] : reason);
        await connection.Transport.Output.WriteAsync((byte[])[(byte)text.Length, .. text], cancel);
    }

    /// <summary>The visitor's side.</summary>
    /// <param name="relayed">The stream to whoever the server says is an agent; the connection owns it from then on, and it is disposed where this fails.</param>
    /// <param name="key">The service's.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="UpstreamException">Whoever is there does not have the key, stands between, or cannot reach its service.</exception>
    public static ValueTask<SecretConnection> ConnectAsync(ConnectionContext relayed, SecretKey key, CancellationToken cancel) =>
        RunAsync(relayed, async stream =>
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "",
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [Protocol],

                    // A session that is resumed shows no certificate.
                    AllowTlsResume = false,

                    // Whose it is the proof says, which comes next.
                    RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
                    CertificateChainPolicy = new X509ChainPolicy
                    {
                        TrustMode = X509ChainTrustMode.CustomRootTrust,
                        RevocationMode = X509RevocationMode.NoCheck,
                        DisableCertificateDownloads = true,
                    },
                },
                cancel);
            var seen = stream.RemoteCertificate!.GetRawCertData();
            var visitor = RandomNumberGenerator.GetBytes(SecretKey.NonceLength);
            await stream.WriteAsync(visitor, cancel);
            var answer = await ReadAsync(stream, SecretKey.NonceLength + SecretKey.ProofLength, cancel);
            var agent = answer.AsMemory(0, SecretKey.NonceLength);

            // Before anything else is said: who does not have the key gets nothing from us, not even a proof.
            Check(answer.AsSpan(SecretKey.NonceLength), key.ProveAgent(seen, visitor, agent.Span));
            await stream.WriteAsync(key.ProveVisitor(seen, visitor, agent.Span), cancel);
            var length = (await ReadAsync(stream, 1, cancel))[0];
            if (length > 0)
            {
                throw Failed(ReasonOf(await ReadAsync(stream, Math.Min((int)length, LongestReason), cancel)));
            }
        });

    private static async ValueTask<SecretConnection> RunAsync(ConnectionContext relayed, Func<SecretStream, Task> handshake)
    {
        var stream = new SecretStream(new TransportStream(relayed.Transport, static () => { }));
        try
        {
            await handshake(stream);
            return new SecretConnection(relayed, stream);
        }
        catch (Exception e)
        {
            await relayed.DisposeAsync();
            await stream.DisposeAsync();
            throw e is AuthenticationException or IOException or InvalidOperationException or ObjectDisposedException or System.ComponentModel.Win32Exception
                ? Failed("tunnel_secret_failed", e)
                : e;
        }
    }

    private static void Check(ReadOnlySpan<byte> proof, ReadOnlySpan<byte> expected)
    {
        if (!CryptographicOperations.FixedTimeEquals(proof, expected))
        {
            throw Failed("tunnel_secret_mismatch");
        }
    }

    private static async ValueTask<byte[]> ReadAsync(SecretStream stream, int length, CancellationToken cancel)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, cancel);
        return bytes;
    }

    private static string ReasonOf(byte[] text) =>
        Array.TrueForAll(text, c => char.IsAsciiLetterLower((char)c) || char.IsAsciiDigit((char)c) || c == '_') ? Encoding.ASCII.GetString(text) : "tunnel_refused";

    private static UpstreamException Failed(string detail, Exception? cause = null) =>
        new(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, detail, cause));
}
