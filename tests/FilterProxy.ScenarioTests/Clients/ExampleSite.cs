using System.Security.Cryptography;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Clients;

/// <summary>
/// The proxy with <c>conf/examples/tls.yaml</c>, on ports of the test's: two sites with a certificate each, the redirect, and beside them
/// a listener in the clear for clients that speak HTTP/2 without TLS. Behind it an upstream that says what it got.
/// </summary>
public sealed class ExampleSite : IAsyncLifetime
{
    /// <summary>What <c>/large</c> answers with.</summary>
    public static readonly byte[] Large = MakeLarge();

    private readonly TestAuthority _authority = new();
    private readonly TestUpstream _upstream = TestUpstream.Start(Answer);
    private ConfigFile? _config;
    private ProxyProcess? _proxy;

    /// <summary>The port with TLS.</summary>
    public int Secure { get; } = ServerProcess.FreePort();

    /// <summary>The port that redirects.</summary>
    public int Plain { get; } = ServerProcess.FreePort();

    /// <summary>The port that serves the same in the clear.</summary>
    public int Clear { get; } = ServerProcess.FreePort();

    /// <summary>The authority's certificate, which clients trust.</summary>
    public string Authority => _authority.Path;

    /// <summary>A folder for files.</summary>
    public string Folder => _authority.Folder;

    /// <summary>What the upstream says of a body.</summary>
    public static string Digest(byte[] body) => $"{body.Length} {Convert.ToHexStringLower(SHA256.HashData(body))}";

    public async Task InitializeAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_authority.Folder, "certs")).FullName;
        foreach (var name in new[] { "example.com", "other.example" })
        {
            using var certificate = _authority.Issue(name, [name]);
            _authority.Write(certificate, name, folder);
        }

        var example = await File.ReadAllTextAsync(Repository.At("conf", "examples", "tls.yaml"));
        var clear = $"listeners:\n  clear: {{ address: \"127.0.0.1:{Clear}\", protocols: [http1, http2] }}\n";
        _config = new ConfigFile(example
            .Replace("listeners:\n", clear, StringComparison.Ordinal)
            .Replace("listeners: [web]", "listeners: [web, clear]", StringComparison.Ordinal));
        _proxy = ProxyProcess.Start(["run", "-c", _config.Path], new Dictionary<string, string>
        {
            ["LISTEN_TLS"] = $"127.0.0.1:{Secure}",
            ["LISTEN"] = $"127.0.0.1:{Plain}",
            ["APP"] = $"127.0.0.1:{_upstream.Port}",
            ["CERTIFICATES"] = folder,
        });
        await _proxy.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        _config?.Dispose();
        await _upstream.DisposeAsync();
        _authority.Dispose();
    }

    private static UpstreamResponse Answer(UpstreamRequest request) => request.Target switch
    {
        "/large" => UpstreamResponse.Create(200, Large),
        "/page" => UpstreamResponse.Ok("<html><body>page</body></html>", ("Content-Type", "text/html")),
        _ => UpstreamResponse.Ok(
            $"{request.Method} {request.Headers["X-Forwarded-Proto"]}://{request.Headers["X-Forwarded-Host"]?.Split(':')[0]}{request.Target} {Digest(request.Body)}"),
    };

    private static byte[] MakeLarge()
    {
        var bytes = new byte[8 * 1024 * 1024];
        new Random(20261).NextBytes(bytes);
        return bytes;
    }
}

/// <summary>The tests that share one site.</summary>
[CollectionDefinition(Name)]
public sealed class ExampleSiteTests : ICollectionFixture<ExampleSite>
{
    public const string Name = "TLS example";
}
