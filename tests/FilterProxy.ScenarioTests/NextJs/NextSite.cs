using FilterProxy.ScenarioTests.Executable;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>
/// The monorepo's services, each on a port of its own, and a proxy before them with conf/examples/nextjs.yaml.
/// The proxy under test is nothing but <see cref="Address"/>.
/// </summary>
internal sealed class NextSite : IAsyncDisposable
{
    private static readonly string[] NextApps = ["main", "oauth", "admin", "kline"];
    private static readonly string[] PlainServices = ["flow", "test"];
    private readonly List<ServerProcess> _processes = [];
    private readonly List<string> _copies = [];
    private readonly Dictionary<string, Uri> _services;
    private readonly TestCertificate _certificate = new("localhost");
    private readonly List<ConfigFile> _configs = [];

    private NextSite(string workspace, Dictionary<string, Uri> services)
    {
        Workspace = workspace;
        _services = services;
    }

    public string Workspace { get; }

    /// <summary>Where the proxy listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Where a proxy listens that speaks TLS, and HTTP/2 to who asks for it.</summary>
    public Uri SecureAddress { get; private set; } = null!;

    /// <summary>Builds and starts everything.</summary>
    public static async Task<NextSite> StartAsync()
    {
        var workspace = await NextWorkspace.PrepareAsync();
        var site = new NextSite(workspace, NextApps.Concat(PlainServices).ToDictionary(name => name, _ => FreeAddress()));
        try
        {
            await site.StartServicesAsync();
            site.Address = await site.StartProxyAsync(secure: false);
            site.SecureAddress = await site.StartProxyAsync(secure: true);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a service is reached without the proxy.</summary>
    public Uri Direct(string service) => _services[service];

    /// <summary>Runs a copy of an app in development mode, and a second proxy that sends the app's prefix there.</summary>
    public async Task<(string Folder, Uri Address, ServerProcess Server)> DevelopAsync(string app, string page, bool secure = false)
    {
        var folder = NextWorkspace.CopyApp(Workspace, app);
        _copies.Add(folder);
        var address = FreeAddress();
        var server = StartNext("dev", app, folder, address);
        await server.AnswersAsync(new Uri(address, page));
        return (folder, await StartProxyAsync(secure, (app, address)), server);
    }

    /// <summary>A firewall with conf/examples/waf.yaml before the proxy, as browsers name it.</summary>
    public async Task<Uri> ProtectAsync(string auditLog)
    {
        var address = new UriBuilder(FreeAddress()) { Host = "localhost" }.Uri;
        var server = Track(ServerProcess.Start(
            "firewall", Repository.ProxyExecutable, ["run", "-c", Repository.At("conf", "examples", "waf.yaml")], Repository.Root, new Dictionary<string, string>
            {
                ["LISTEN"] = $"127.0.0.1:{address.Port}",
                ["APP"] = Address.Authority,
                ["AUDIT_LOG"] = auditLog,
            }));
        await server.AnswersAsync(address);
        return address;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        foreach (var copy in _copies)
        {
            Directory.Delete(copy, recursive: true);
        }

        _configs.ForEach(config => config.Dispose());
        _certificate.Dispose();
    }

    private static Uri FreeAddress() => new($"http://127.0.0.1:{ServerProcess.FreePort()}");

    private static string PortVariable(string service) => $"{service.ToUpperInvariant()}_PORT";

    private async Task StartServicesAsync()
    {
        var plain = PlainServices.Select(name => KeyValuePair.Create(PortVariable(name), $"{Direct(name).Port}"));
        var services = NextApps.ToDictionary(
            app => app, app => StartNext("start", app, Path.Combine(Workspace, "apps", app), Direct(app)));
        services[PlainServices[0]] = Track(ServerProcess.Start(
            "flow and test", Prerequisites.Node!, ["server.mjs"], Path.Combine(Workspace, "apps", "services"), plain));
        foreach (var (name, server) in services)
        {
            await server.AnswersAsync(Direct(name));
        }
    }

    private ServerProcess StartNext(string mode, string app, string folder, Uri address) =>
        Track(ServerProcess.Start(
            $"next {mode} ({app})",
            Prerequisites.Node!,
            [NextWorkspace.Next(Workspace), mode, "-H", address.Host, "-p", $"{address.Port}"],
            folder,
            NextWorkspace.Environment));

    private async Task<Uri> StartProxyAsync(bool secure, params (string Service, Uri Address)[] instead)
    {
        var address = FreeAddress();
        var environment = _services.ToDictionary(service => PortVariable(service.Key), service => $"{service.Value.Port}");
        environment["LISTEN"] = address.Authority;
        foreach (var (service, other) in instead)
        {
            environment[PortVariable(service)] = $"{other.Port}";
        }

        var config = Repository.At("conf", "examples", "nextjs.yaml");
        if (secure)
        {
            address = new UriBuilder(address) { Scheme = "https" }.Uri;
            config = WithTls(await File.ReadAllTextAsync(config));
        }

        var proxy = Track(ServerProcess.Start("filterproxy", Repository.ProxyExecutable, ["run", "-c", config], Repository.Root, environment));
        await proxy.AnswersAsync(new Uri(address, "/flow/ready"));
        return address;
    }

    /// <summary>The example as it is, with what docs/operations/http2.md adds to a listener.</summary>
    private string WithTls(string example)
    {
        const string Address = "    address: \"${LISTEN:-0.0.0.0:8080}\"\n";
        var listener = $$"""
                protocols: [http1, http2]
                filters: [ { tls: { certificates: [ { file: { cert: "{{_certificate.CertPath}}", key: "{{_certificate.KeyPath}}", default: true } } ] } } ]

            """;
        if (!example.Contains(Address, StringComparison.Ordinal))
        {
            throw new InvalidOperationException("The example's listener looks different.");
        }

        var file = new ConfigFile(example.Replace(Address, Address + listener, StringComparison.Ordinal));
        _configs.Add(file);
        return file.Path;
    }

    private ServerProcess Track(ServerProcess process)
    {
        _processes.Add(process);
        return process;
    }
}
