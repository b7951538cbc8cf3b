using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.Acme;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Acme;

/// <summary>A proxy with the listeners a CA asks: <c>plain</c> for http-01, and <c>web</c> with TLS.</summary>
internal static class AcmeProxy
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="pebble">The CA.</param>
    /// <param name="store">The folder of certificates.</param>
    /// <param name="options">More options of <c>acme</c>, e.g. <c>names: [a.example]</c>.</param>
    /// <param name="before">Other certificate sources, asked before.</param>
    public static Task<TestProxy> StartAsync(Pebble pebble, string store, string options, string before = "") => TestProxy.StartAsync(
        Config(pebble, store, options, before), components: [typeof(AcmeCertificates), typeof(AcmeChallengeFilter)]);

    public static string Config(Pebble pebble, string store, string options, string before = "") =>
        $$"""
        listeners:
          web:
            address: 127.0.0.1:{{pebble.TlsPort}}
            filters:
              - tls:
                  certificates:
                    {{before}}
                    - acme: { directory: "{{pebble.Directory}}", ca: "{{pebble.CaPath}}", store: "{{store}}", terms_of_service_agreed: true, backoff: 1s, {{options}} }
          plain: { address: "127.0.0.1:{{pebble.HttpPort}}" }
        http: { filters: [ acme_challenge ] }
        routes: [ { name: all, respond: { status: 200, body: hello } } ]
        """;

    /// <summary>The certificate a listener shows for a name; null when the handshake fails.</summary>
    public static async Task<X509Certificate2?> ShownAsync(int port, string name, X509Certificate2Collection? chain = null)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, _, built, _) =>
        {
            chain?.AddRange(built!.ChainPolicy.ExtraStore);
            return true;
        });
        try
        {
            await tls.AuthenticateAsClientAsync(name).WaitAsync(TimeSpan.FromSeconds(10));
            return X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            return null;
        }
    }

    /// <summary>Waits for a certificate that is another than the one given, and returns it.</summary>
    public static async Task<X509Certificate2> WaitForAsync(TestProxy proxy, int port, string name, X509Certificate2? other = null)
    {
        X509Certificate2? shown = null;
        try
        {
            await Poll.UntilAsync(
                async () => (shown = await ShownAsync(port, name)) is not null && shown.SerialNumber != other?.SerialNumber, Patience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"No certificate of {name}. The proxy says:\n{string.Join('\n', proxy.LogLines)}", e);
        }

        return shown!;
    }
}
