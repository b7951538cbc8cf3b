using System.Text.Json;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Grpc;

/// <summary>The service all gRPC scenarios share, by grpc-js: in the clear and over TLS.</summary>
public sealed class GrpcFixture : IAsyncLifetime
{
    private readonly TestCertificate _certificate = new("localhost");
    private ServerProcess? _server;
    private string _workspace = "";

    /// <summary>Where the service listens in the clear.</summary>
    public int Port { get; private set; }

    /// <summary>Where it listens over TLS.</summary>
    public int TlsPort { get; private set; }

    public async Task InitializeAsync()
    {
        if (NpmWorkspace.Missing is not null)
        {
            return;
        }

        _workspace = await NpmWorkspace.PrepareAsync("grpc");
        await using (var descriptors = ServerProcess.Start("descriptors.js", Prerequisites.Node!, ["descriptors.js", Descriptors], _workspace, []))
        {
            await descriptors.ExitAsync(TimeSpan.FromMinutes(1));
        }

        _server = ServerProcess.Start("server.js", Prerequisites.Node!, ["server.js", _certificate.CertPath, _certificate.KeyPath], _workspace, []);
        await Poll.UntilAsync(() => _server.Output.Contains('}', StringComparison.Ordinal), TimeSpan.FromSeconds(60), "the gRPC service listens");
        using var ports = JsonDocument.Parse(_server.Output.Split('\n').Single(line => line.StartsWith('{')));
        Port = ports.RootElement.GetProperty("plain").GetInt32();
        TlsPort = ports.RootElement.GetProperty("tls").GetInt32();
    }

    /// <summary>The descriptor set of the service, as protoc would write it.</summary>
    public string Descriptors => Path.Combine(_workspace, "echo.pb");

    /// <summary>Runs cases of client.js; what it printed about each.</summary>
    public async Task<string> RunAsync(int port, string[] cases, string? ca = null, string? expectStatus = null)
    {
        string[] tls = ca is null ? [] : ["--ca", ca];
        KeyValuePair<string, string>[] environment = expectStatus is null ? [] : [new("EXPECT_STATUS", expectStatus)];
        await using var client = ServerProcess.Start("client.js", Prerequisites.Node!, ["client.js", $"127.0.0.1:{port}", .. tls, .. cases], _workspace, environment);
        await client.ExitAsync(TimeSpan.FromMinutes(3));
        return client.Output;
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _certificate.Dispose();
    }
}
