using System.Security.Cryptography.X509Certificates;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.ScenarioTests.Tls;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>The executable takes certificates over as they come, change and go.</summary>
public sealed class CertificateWatchTests : IDisposable
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task A_folder_of_certificates_is_followed_and_connections_stay()
    {
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Config(port, "directory: { path: certs, default: one, key_permissions: ignore }"));
        var folder = Directory.CreateDirectory(Path.Combine(file.Folder, "certs")).FullName;
        using var one = Add(folder, "one", "one.example");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await TlsClient.ConnectAsync(port, "one.example");
        Assert.Equal(204, (await client.Http.RoundTripAsync(Get)).Status);

        using var two = Add(folder, "two", "two.example");
        await Poll.UntilAsync(async () => await SerialAsync(port, "two.example") == two.SerialNumber);

        using var renewed = Add(folder, "one", "one.example");
        await Poll.UntilAsync(async () => await SerialAsync(port, "one.example") == renewed.SerialNumber);

        File.Delete(Path.Combine(folder, "two.key"));
        File.Delete(Path.Combine(folder, "two.pem"));
        await Poll.UntilAsync(async () => await SerialAsync(port, "two.example") == renewed.SerialNumber);

        var nested = Directory.CreateDirectory(Path.Combine(folder, "three.example")).FullName;
        using var three = Add(nested, "three", "three.example");
        File.Move(Path.Combine(nested, "three.pem"), Path.Combine(nested, "fullchain.pem"));
        File.Move(Path.Combine(nested, "three.key"), Path.Combine(nested, "privkey.pem"));
        await Poll.UntilAsync(async () => await SerialAsync(port, "three.example") == three.SerialNumber);

        Assert.Equal(204, (await client.Http.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task A_pair_that_does_not_fit_takes_no_served_certificate_away()
    {
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Config(port, "directory: { path: certs, key_permissions: ignore }"));
        var folder = Directory.CreateDirectory(Path.Combine(file.Folder, "certs")).FullName;
        using var one = Add(folder, "one", "one.example");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        using var other = _authority.Issue("one.example", ["one.example"]);
        var (cert, key) = _authority.Write(other, "other");
        File.Copy(cert, Path.Combine(folder, "one.pem"), overwrite: true);

        await Poll.UntilAsync(() => proxy.Error.Contains("is not that of the certificate", StringComparison.Ordinal));
        Assert.Equal(one.SerialNumber, await SerialAsync(port, "one.example"));

        // The other half comes.
        File.Copy(key, Path.Combine(folder, "one.key"), overwrite: true);
        await Poll.UntilAsync(async () => await SerialAsync(port, "one.example") == other.SerialNumber);
    }

    [Fact]
    public async Task A_renewed_pkcs12_file_and_another_authority_of_clients_are_taken_over()
    {
        using var other = new TestAuthority("Other CA");
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Config(
            port, "pfx: { path: site.pfx, password: word, default: true, key_permissions: ignore }", "client_certificates: { mode: optional, ca: ca.pem }"));
        using var first = _authority.Issue("site.example", ["site.example"]);
        using var second = _authority.Issue("site.example", ["site.example"]);
        var (pfx, ca) = (Path.Combine(file.Folder, "site.pfx"), Path.Combine(file.Folder, "ca.pem"));
        File.WriteAllBytes(pfx, first.Export(X509ContentType.Pkcs12, "word"));
        File.WriteAllText(ca, _authority.Certificate.ExportCertificatePem());
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        Assert.Equal(first.SerialNumber, await SerialAsync(port, "site.example"));

        File.WriteAllBytes(pfx, second.Export(X509ContentType.Pkcs12, "word"));
        await Poll.UntilAsync(async () => await SerialAsync(port, "site.example") == second.SerialNumber);

        using var agent = other.Issue("agent");
        Assert.False(await IsLetInAsync(port, agent));
        File.WriteAllText(ca, other.Certificate.ExportCertificatePem());
        await Poll.UntilAsync(() => IsLetInAsync(port, agent));
    }

    public void Dispose() => _authority.Dispose();

    private X509Certificate2 Add(string folder, string name, string host)
    {
        var certificate = _authority.Issue(host, [host]);
        _authority.Write(certificate, name, folder);
        return certificate;
    }

    private static string Config(int port, string source, string more = "") => $$"""
        listeners:
          web:
            address: "127.0.0.1:{{port}}"
            filters:
              - tls:
                  certificates: [ { {{source}} } ]
                  {{more}}
        routes: [ { name: all, respond: { status: 204 } } ]
        """;

    private static async Task<string> SerialAsync(int port, string name)
    {
        await using var client = await TlsClient.ConnectAsync(port, name);
        return client.SerialNumber;
    }

    private static async Task<bool> IsLetInAsync(int port, X509Certificate2 certificate)
    {
        try
        {
            await using var client = await TlsClient.ConnectAsync(port, new System.Net.Security.SslClientAuthenticationOptions
            {
                TargetHost = "site.example",
                ClientCertificateContext = System.Net.Security.SslStreamCertificateContext.Create(certificate, null, offline: true),
            });
            return (await client.Http.RoundTripAsync(Get)).Status == 204;
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or RawFormatException)
        {
            return false;
        }
    }
}
