using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Acme;

/// <summary>
/// Let's Encrypt's test CA with a name server of its own, which answers every name with 127.0.0.1. It validates on two ports the test
/// listens on, refuses every third good nonce, and forgets authorizations.
/// </summary>
internal sealed class Pebble : IAsyncDisposable
{
    private readonly ScratchFolder _folder;
    private readonly TestCertificate _certificate = new("localhost");
    private readonly int _dns = ExternalProgram.FreePort();
    private readonly int _dnsManagement = ExternalProgram.FreePort();
    private readonly int _port = ExternalProgram.FreePort();
    private readonly int _management = ExternalProgram.FreePort();
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    });

    private ExternalProgram? _ca, _names;

    private Pebble(ScratchFolder folder) => _folder = folder;

    /// <summary>Where it looks for http-01.</summary>
    public int HttpPort { get; } = ExternalProgram.FreePort();

    /// <summary>Where it looks for tls-alpn-01.</summary>
    public int TlsPort { get; } = ExternalProgram.FreePort();

    /// <summary>Its directory.</summary>
    public string Directory => $"https://localhost:{_port}/dir";

    /// <summary>What signed its own certificate.</summary>
    public string CaPath => _certificate.CertPath;

    /// <summary>The management address of the name server.</summary>
    public string NamesAddress => $"http://127.0.0.1:{_dnsManagement}";

    /// <summary>What it has said so far.</summary>
    public string Output => _ca?.Output ?? "";

    /// <param name="folder">The test's.</param>
    /// <param name="validity">How long its certificates hold.</param>
    /// <param name="eab">The MAC key it knows as <c>kid-1</c>; null to take anybody.</param>
    /// <param name="start">False to start it by hand.</param>
    public static async Task<Pebble> StartAsync(ScratchFolder folder, TimeSpan? validity = null, string? eab = null, bool start = true)
    {
        var pebble = new Pebble(folder);
        folder.Write("pebble.json", $$"""
            { "pebble": {
              "listenAddress": "127.0.0.1:{{pebble._port}}", "managementListenAddress": "127.0.0.1:{{pebble._management}}",
              "certificate": "{{pebble._certificate.CertPath}}", "privateKey": "{{pebble._certificate.KeyPath}}",
              "httpPort": {{pebble.HttpPort}}, "tlsPort": {{pebble.TlsPort}}, "ocspResponderURL": "",
              "externalAccountBindingRequired": {{(eab is null ? "false" : "true")}}, "externalAccountMACKeys": { "kid-1": "{{eab ?? "AAAA"}}" },
              "certificateValidityPeriod": {{(long)(validity ?? TimeSpan.FromDays(90)).TotalSeconds}} } }
            """);
        try
        {
            pebble._names = await ExternalProgram.StartAsync(
                "pebble-challtestsrv",
                ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", $"127.0.0.1:{pebble._dns}", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", $"127.0.0.1:{pebble._dnsManagement}"],
                folder.Path,
                [pebble._dnsManagement]);
            if (start)
            {
                await pebble.StartCaAsync();
            }

            return pebble;
        }
        catch
        {
            await pebble.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the CA itself; one started again has forgotten everything.</summary>
    public async Task StartCaAsync() => _ca = await ExternalProgram.StartAsync(
        "pebble",
        ["-config", _folder["pebble.json"], "-dnsserver", $"127.0.0.1:{_dns}"],
        _folder.Path,
        [_port],
        ("PEBBLE_VA_NOSLEEP", "1"),
        ("PEBBLE_VA_ALWAYS_VALID", "0"),
        ("PEBBLE_WFE_NONCEREJECT", "33"),
        ("PEBBLE_AUTHZREUSE", "0"),
        ("PEBBLE_ALTERNATE_ROOTS", "1"));

    /// <summary>Stops the CA.</summary>
    public async Task StopCaAsync()
    {
        await _ca!.DisposeAsync();
        _ca = null;
    }

    /// <summary>One of its roots.</summary>
    public async Task<X509Certificate2> RootAsync(int number = 0) =>
        X509Certificate2.CreateFromPem(await _http.GetStringAsync(new Uri($"https://127.0.0.1:{_management}/roots/{number}")));

    /// <summary>Makes a name point to another address.</summary>
    public async Task PointAsync(string name, IPAddress address)
    {
        using var answer = await _http.PostAsJsonAsync(
            new Uri($"{NamesAddress}/add-a"), new JsonObject { ["host"] = name + ".", ["addresses"] = new JsonArray(address.ToString()) });
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        if (_ca is not null)
        {
            await _ca.DisposeAsync();
        }

        if (_names is not null)
        {
            await _names.DisposeAsync();
        }

        _certificate.Dispose();
        _http.Dispose();
    }
}
