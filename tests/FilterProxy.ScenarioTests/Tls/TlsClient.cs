using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>A client that does a handshake, trusting anybody, and tells what it was shown.</summary>
internal sealed class TlsClient : IAsyncDisposable
{
    private readonly SslStream _stream;

    private TlsClient(SslStream stream)
    {
        _stream = stream;
        Http = new RawClient(stream);
        using var shown = new X509Certificate2(stream.RemoteCertificate!);
        CommonName = shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        SerialNumber = shown.SerialNumber;
    }

    /// <summary>Plain text.</summary>
    public RawClient Http { get; }

    public SslStream Stream => _stream;

    /// <summary>Of the certificate the server showed.</summary>
    public string CommonName { get; }

    public string SerialNumber { get; }

    public static Task<TlsClient> ConnectAsync(int port, string name, params string[] protocols) =>
        ConnectAsync(port, new SslClientAuthenticationOptions { TargetHost = name, ApplicationProtocols = [.. protocols.Select(ClientHello.Protocol)] });

    public static async Task<TlsClient> ConnectAsync(int port, SslClientAuthenticationOptions options)
    {
        var tcp = new TcpClient { NoDelay = true };
        SslStream? stream = null;
        try
        {
            await tcp.ConnectAsync(IPAddress.Loopback, port);
            stream = new SslStream(tcp.GetStream());
            options.RemoteCertificateValidationCallback ??= static (_, _, _, _) => true;
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await stream.AuthenticateAsClientAsync(options, deadline.Token);
            return new TlsClient(stream);
        }
        catch
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }

            tcp.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Http.DisposeAsync();
}
