using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.ScenarioTests.Clients;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>OCSP stapling, with OpenSSL's responder and client.</summary>
public sealed class OcspTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [ClientFact("openssl")]
    public async Task A_status_is_fetched_and_sent_along()
    {
        var port = ServerProcess.FreePort();
        using var certificate = _authority.Issue("site.example", ["site.example"], responder: $"http://127.0.0.1:{port}/");
        using var responder = await StartResponderAsync(port, certificate);
        try
        {
            var secure = ServerProcess.FreePort();
            using var config = new ConfigFile(ConfigOf(certificate, secure, stapling: true));
            await using var proxy = ProxyProcess.Start("run", "-c", config.Path);
            await proxy.ReadyAsync();

            // It is asked for in the background: the first handshakes go without.
            var said = "";
            await Poll.UntilAsync(
                async () => (said = await AskAsync(secure)).Contains("Cert Status: good", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "the status is sent along");
            Assert.Contains("OCSP Response Status: successful", said, StringComparison.Ordinal);
            Assert.Contains("Verify return code: 0", said, StringComparison.Ordinal);
        }
        finally
        {
            responder.Kill();
            await responder.WaitForExitAsync();
        }
    }

    [ClientFact("openssl")]
    public async Task Nobody_is_asked_unless_the_configuration_says_so()
    {
        using var responder = new TcpListener(System.Net.IPAddress.Loopback, 0);
        responder.Start();
        using var certificate = _authority.Issue("site.example", ["site.example"], responder: $"http://{responder.LocalEndpoint}/");
        await using var proxy = await TestProxy.StartAsync(ConfigOf(certificate, 0, stapling: false));

        for (var i = 0; i < 3; i++)
        {
            Assert.Contains("OCSP response: no response sent", await AskAsync(proxy.Port), StringComparison.Ordinal);
        }

        Assert.False(responder.Pending());
    }

    public void Dispose() => _authority.Dispose();

    private async Task<Process> StartResponderAsync(int port, X509Certificate2 certificate)
    {
        var (index, key) = (Path.Combine(_authority.Folder, "index.txt"), Path.Combine(_authority.Folder, "ca.key"));
        await File.WriteAllTextAsync(index, $"V\t{certificate.NotAfter.ToUniversalTime():yyMMddHHmmss}Z\t\t{certificate.SerialNumber}\tunknown\t/CN=site.example\n");
        using (var privateKey = _authority.Certificate.GetECDsaPrivateKey()!)
        {
            await File.WriteAllTextAsync(key, privateKey.ExportPkcs8PrivateKeyPem());
        }

        var ca = _authority.Path;
        var responder = Process.Start(new ProcessStartInfo(
            ClientProgram.Find("openssl")!, ["ocsp", "-port", $"{port}", "-index", index, "-CA", ca, "-rsigner", ca, "-rkey", key, "-ndays", "2"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        DataReceivedEventHandler read = (_, e) =>
        {
            if (e.Data?.StartsWith("ACCEPT", StringComparison.Ordinal) == true)
            {
                listens.TrySetResult();
            }
        };
        responder.OutputDataReceived += read;
        responder.ErrorDataReceived += read;
        responder.BeginOutputReadLine();
        responder.BeginErrorReadLine();

        // Not by connecting: a connection without a request is more than it can take.
        await listens.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return responder;
    }

    private string ConfigOf(X509Certificate2 certificate, int port, bool stapling)
    {
        // The authority's certificate is in the file: without the issuer nobody can be asked.
        var (cert, key) = _authority.Write(certificate, "site");
        File.AppendAllText(cert, "\n" + _authority.Certificate.ExportCertificatePem());
        return $$"""
            listeners: { web: { address: "127.0.0.1:{{port}}", filters: [ { tls: { certificates: [ { file: { cert: "{{cert}}", key: "{{key}}", default: true, ocsp_stapling: {{(stapling ? "true" : "false")}} } } ] } } ] } }
            routes: [ { respond: { body: hi } } ]
            """;
    }

    private async Task<string> AskAsync(int port) => (await ClientProgram.RunAsync(
        "openssl", "s_client", "-connect", $"127.0.0.1:{port}", "-servername", "site.example", "-status", "-CAfile", _authority.Path)).Output;
}
