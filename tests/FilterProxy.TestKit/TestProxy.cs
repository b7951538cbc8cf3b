using System.Net.Security;
using System.Net.Sockets;
using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Core.Downstream;

namespace FilterProxy.TestKit;

/// <summary>
/// A whole proxy in this process, from a configuration text to sockets. Its one listener is called <c>web</c>:
/// <code>
/// await using var upstream = TestUpstream.Start();
/// await using var proxy = await TestProxy.StartAsync(upstream.Port);
/// await using var client = await proxy.ConnectAsync();
/// var response = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
/// </code>
/// </summary>
public sealed class TestProxy : IAsyncDisposable
{
    private readonly Engine _engine;
    private readonly MemoryTransport? _memory;
    private readonly TestCertificate? _certificate;
    private readonly TestTransport _transport;
    private readonly LogBook _log;
    private readonly MetricLog _metrics;
    private readonly string _listeners;

    private TestProxy(Engine engine, TestTransport transport, MemoryTransport? memory, TestCertificate? certificate, LogBook log, string listeners)
    {
        _listeners = listeners;
        _engine = engine;
        _transport = transport;
        _memory = memory;
        _certificate = certificate;
        _log = log;
        _metrics = new MetricLog(engine.Services.Limits.Meter!);
    }

    /// <summary>The listener's port; 0 in memory.</summary>
    public int Port => _engine.Listeners[0].Port;

    /// <summary>Connections the proxy has open to clients.</summary>
    public int OpenConnections => _engine.Services.Connections.Count;

    /// <summary>What the proxy logged so far, as <c>Warning: text</c>, an exception's message behind it.</summary>
    public IReadOnlyList<string> LogLines => _log.Lines;

    /// <summary>What its counters have counted: <c>filterproxy.timeout timeout=idle_timeout</c> to its sum.</summary>
    public IReadOnlyDictionary<string, long> Counts => _metrics.Counts;

    /// <summary>Leaves <see cref="Counts"/> as they are: their names are text, made for each request, which a test of allocations would see.</summary>
    public void StopCounting() => _metrics.Dispose();

    internal Engine Engine => _engine;

    /// <summary>The component of a class in the configuration in force.</summary>
    public T Component<T>() => _engine.Current!.Components.Select(component => component.Instance).OfType<T>().Single();

    /// <summary>Everything goes to one upstream on loopback.</summary>
    /// <param name="upstreamPort">Its port.</param>
    /// <param name="transport">How clients connect.</param>
    /// <param name="http">The <c>http</c> section as flow YAML, e.g. <c>{ route_filters: [mine] }</c>.</param>
    /// <param name="cluster">More of the cluster, e.g. <c>response_timeout: 200ms</c>.</param>
    /// <param name="components">Component classes of the test, named by their attribute.</param>
    public static Task<TestProxy> StartAsync(
        int upstreamPort, TestTransport transport = TestTransport.Sockets, string http = "{}", string cluster = "", params Type[] components) =>
        StartAsync(
            $$"""
            http: {{http}}
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstreamPort}}"]{{(cluster.Length > 0 ? ", " + cluster : "")}} } }
            """,
            transport,
            components);

    /// <summary>A configuration without its <c>listeners</c>, or with them when it begins with them.</summary>
    public static async Task<TestProxy> StartAsync(string yaml, TestTransport transport = TestTransport.Sockets, params Type[] components)
    {
        var certificate = TestTransports.IsTls(transport) ? new TestCertificate("localhost", "*.example.com") : null;
        var filters = certificate is null
            ? ""
            : $$""", filters: [ { tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ] } } ]""";
        var io = transport is TestTransport.Direct or TestTransport.DirectTls or TestTransport.H2c ? "direct" : "sockets";
        var protocols = TestTransports.IsHttp2(transport) ? "[http1, http2]" : "[http1]";
        var listeners = $$"""listeners: { web: { address: "127.0.0.1:0", io: {{io}}, protocols: {{protocols}}{{filters}} } }""";
        var text = Complete(yaml, listeners);
        var log = new LogBook();
        var memory = transport == TestTransport.Memory ? new MemoryTransport() : null;
        var engine = new Engine(new EngineOptions
        {
            Loggers = log,
            PluginPath = Path.Combine(AppContext.BaseDirectory, "plugins"),
            ConfigDirectory = AppContext.BaseDirectory,
            Transport = memory,

            // As in production, where what a connection does runs on its event loop.
            InlineCompletions = true,
        });
        foreach (var component in components)
        {
            if (!engine.Registry.Add(component, "test", out var problem))
            {
                throw new ArgumentException(problem);
            }
        }

        var (config, errors) = ConfigLoader.Parse(text, "test.yaml", Environment.GetEnvironmentVariable);
        var compiled = config is null ? null : engine.Compile(config, errors);
        if (compiled is null)
        {
            await engine.DisposeAsync();
            certificate?.Dispose();
            throw new ArgumentException($"The configuration was refused:\n{errors}\n{text}");
        }

        await engine.ApplyAsync(compiled);
        return new TestProxy(engine, transport, memory, certificate, log, listeners);
    }

    /// <summary>Puts another configuration in force, with the same <c>listeners</c> unless it begins with its own.</summary>
    /// <returns>Why it was refused; empty when it is in force.</returns>
    public async Task<string> ReloadAsync(string yaml)
    {
        var (config, errors) = ConfigLoader.Parse(Complete(yaml, _listeners), "test.yaml", Environment.GetEnvironmentVariable);
        if (config is null || _engine.Compile(config, errors) is not { } compiled)
        {
            return errors.ToString();
        }

        try
        {
            await _engine.ApplyAsync(compiled);
            return "";
        }
        catch (EngineException e)
        {
            return e.Message;
        }
    }

    /// <summary>Waits until nothing runs under a replaced configuration any more, and what only it had is ended.</summary>
    public Task SettledAsync() => Poll.UntilAsync(() => _engine.RetiredConfigs == 0);

    /// <summary>The port of a listener by name.</summary>
    public int PortOf(string listener) => _engine.Listeners.Single(l => l.Name == listener).Port;

    /// <summary>The port of a UDP listener by name.</summary>
    public int UdpPortOf(string listener) => _engine.DatagramListeners.Single(l => l.Plan.Name == listener).Address.Port;

    /// <summary>A client connection.</summary>
    public async Task<RawClient> ConnectAsync(string serverName = "localhost")
    {
        if (_memory is not null)
        {
            return new RawClient(_memory.Connect());
        }

        if (_transport is TestTransport.Sockets or TestTransport.Direct)
        {
            return await RawClient.ConnectAsync(Port);
        }

        return TestTransports.IsHttp2(_transport)
            ? await RawClient.OverHttp2Async(await ConnectStreamAsync(serverName), TestTransports.SchemeOf(_transport))
            : new RawClient(await ConnectTlsAsync(serverName, SslApplicationProtocol.Http11));
    }

    /// <summary>A client connection that speaks HTTP/2, over TLS where the proxy's listener has it.</summary>
    public async Task<H2Client> ConnectH2Async(string serverName = "localhost") => await H2Client.StartAsync(await ConnectStreamAsync(serverName));

    /// <summary>A client connection that speaks HTTP/1, whatever the transport is named after.</summary>
    public async Task<RawClient> ConnectHttp1Async() => _certificate is null
        ? await RawClient.ConnectAsync(Port)
        : new RawClient(await ConnectTlsAsync("localhost", SslApplicationProtocol.Http11));

    /// <summary>A connection for HTTP/2 on which nothing has been sent.</summary>
    public Task<Stream> ConnectStreamAsync(string serverName = "localhost") => ConnectStreamAsync([SslApplicationProtocol.Http2], serverName);

    /// <summary>A connection on which nothing has been sent.</summary>
    /// <param name="protocols">What is offered by ALPN, over TLS.</param>
    /// <param name="serverName">The name asked for by SNI.</param>
    public async Task<Stream> ConnectStreamAsync(List<SslApplicationProtocol> protocols, string serverName = "localhost")
    {
        if (_certificate is not null)
        {
            return await ConnectTlsAsync(serverName, [.. protocols]);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task<SslStream> ConnectTlsAsync(string serverName, params List<SslApplicationProtocol> protocols)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", Port);
        var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            ApplicationProtocols = protocols,
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });
        return tls;
    }

    /// <summary>One request on a connection of its own.</summary>
    public async Task<RawResponse> SendAsync(string request)
    {
        await using var client = await ConnectAsync();
        return await client.RoundTripAsync(request);
    }

    /// <summary>Stops as the process does on SIGTERM.</summary>
    public Task StopAsync(TimeSpan grace) => _engine.StopAsync(grace);

    private static string Complete(string yaml, string listeners) =>
        yaml.StartsWith("listeners:", StringComparison.Ordinal) ? yaml : $"{listeners}\n{yaml}";

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _metrics.Dispose();
        _certificate?.Dispose();
    }
}
