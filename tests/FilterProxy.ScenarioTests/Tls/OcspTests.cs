using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.ScenarioTests.Clients;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>OCSP stapling, with OpenSSL's client.</summary>
public sealed class OcspTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [ClientFact("openssl")]
    public async Task Nobody_is_asked_unless_the_configuration_says_so()
    {
        using var responder = new TcpListener(System.Net.IPAddress.Loopback, 0);
        responder.Start();
        using var certificate = _authority.Issue("site.example", ["site.example"], responder: $"http://{responder.LocalEndpoint}/");
        await using var proxy = await TestProxy.StartAsync(ConfigOf(certificate));

        for (var i = 0; i < 3; i++)
        {
            Assert.Contains("OCSP response: no response sent", await AskAsync(proxy.Port), StringComparison.Ordinal);
        }

        Assert.False(responder.Pending());
    }

    public void Dispose() => _authority.Dispose();

    private string ConfigOf(X509Certificate2 certificate)
    {
        // The authority's certificate is in the file: without the issuer nobody can be asked.
        var (cert, key) = _authority.Write(certificate, "site");
        File.AppendAllText(cert, "\n" + _authority.Certificate.ExportCertificatePem());
        return $$"""
            listeners: { web: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ { file: { cert: "{{cert}}", key: "{{key}}", default: true } } ] } } ] } }
            routes: [ { respond: { body: hi } } ]
            """;
    }

    private async Task<string> AskAsync(int port) => (await ClientProgram.RunAsync(
        "openssl", "s_client", "-connect", $"127.0.0.1:{port}", "-servername", "site.example", "-status", "-CAfile", _authority.Path)).Output;
}
