using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Both ends of TLS over sockets of the test.</summary>
internal static class TlsTalk
{
    public static async Task<SslStream> ServeAsync(Socket socket, TestCertificate certificate, params List<SslApplicationProtocol> protocols)
    {
        using var pem = X509Certificate2.CreateFromPemFile(certificate.CertPath, certificate.KeyPath);
        var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null),
            ApplicationProtocols = protocols.Count == 0 ? null : protocols,
        }).WaitAsync(TimeSpan.FromSeconds(20));
        return stream;
    }

    public static async Task<SslStream> ConnectAsync(int port, string serverName, params List<SslApplicationProtocol> protocols)
    {
        var stream = new SslStream(new NetworkStream(await StreamUpstream.ConnectAsync(port), ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            ApplicationProtocols = protocols.Count == 0 ? null : protocols,
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        }).WaitAsync(TimeSpan.FromSeconds(20));
        return stream;
    }

    public static async Task<string> HearAsync(this Stream stream, int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        return Encoding.ASCII.GetString(bytes);
    }
}
