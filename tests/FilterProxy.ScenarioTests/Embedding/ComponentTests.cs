using System.Net.Security;
using System.Net.Sockets;
using FilterProxy.Hosting;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>Components of every kind in an embedded proxy: classes of the process, the engine's own, and plugins.</summary>
public sealed class ComponentTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task Endpoints_come_from_a_source_class()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await EmbeddedProxy.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new UpstreamPort(upstream.Port));
            builder.AddFilterProxy()
                .AddListener("web", "127.0.0.1:0")
                .AddRoute("all", route => route.ToCluster("app"))
                .AddCluster("app", cluster => cluster.EndpointsFrom<EmbeddedSource>());
        });
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("ok", (await client.RoundTripAsync(Request)).Text);
    }

    [Fact]
    public async Task Endpoints_are_chosen_by_a_balancer_class()
    {
        await using var first = TestUpstream.Start(_ => UpstreamResponse.Ok("first"));
        await using var last = TestUpstream.Start(_ => UpstreamResponse.Ok("last"));
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("all", route => route.ToCluster("app"))
            .AddCluster("app", cluster => cluster
                .Endpoint($"127.0.0.1:{first.Port}", weight: 9)
                .Endpoint($"127.0.0.1:{last.Port}")
                .LoadBalancer<EmbeddedBalancer>()));
        await using var client = await proxy.ConnectAsync();

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("last", (await client.RoundTripAsync(Request)).Text);
        }
    }

    [Fact]
    public async Task A_connection_filter_class_sees_connections_before_tls()
    {
        using var certificate = new TestCertificate("localhost");
        var counter = new ConnectionCounter();
        await using var proxy = await EmbeddedProxy.StartAsync(builder =>
        {
            builder.Services.AddSingleton(counter);
            builder.AddFilterProxy()
                .AddListener("web", "127.0.0.1:0", listener => listener
                    .Filter<EmbeddedConnectionFilter>()
                    .Tls(certificate.CertPath, certificate.KeyPath))
                .AddRoute("all", route => route.Host("a").Listeners("web").Respond(200, "secret"));
        });
        using var tcp = new TcpClient("127.0.0.1", proxy.Port);
#pragma warning disable CA5359 // The certificate was made for this test.
        var tls = new SslStream(tcp.GetStream(), false, static (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("localhost");
        await using var client = new RawClient(tls);

        Assert.Equal("secret", (await client.RoundTripAsync(Request)).Text);
        Assert.Equal(1, counter.Count);
    }

    [Fact]
    public async Task A_file_names_a_class_that_code_made_known()
    {
        using var file = new ConfigFile("""
            listeners: { web: { address: "127.0.0.1:0" } }
            routes: [ { filters: [ embedded: { name: file } ], cluster: app } ]
            clusters: { app: { endpoints: { embedded_source: {} } } }
            """);
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-greeting"] ?? "none"));
        await using var proxy = await EmbeddedProxy.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeter("hello")).AddSingleton(new UpstreamPort(upstream.Port));
            builder.AddFilterProxy().LoadFromFile(file.Path).AddComponent<EmbeddedFilter>().AddComponent<EmbeddedSource>();
        });
        await using var client = await proxy.ConnectAsync();

        Assert.StartsWith("hello file at ", (await client.RoundTripAsync(Request)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_is_loaded_by_name()
    {
        var plugins = Path.Combine(Path.GetDirectoryName(Repository.ProxyExecutable)!, "plugins");
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-mine"] ?? "none"));
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .Set("plugin_path", plugins)
            .AddPlugin("Headers")
            .AddFilter("headers", new { request = new { set = new Dictionary<string, string> { ["x-mine"] = "%METHOD%" } } })
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("all", route => route.Path("/{rest*}").RewritePath("/x/{rest}").ToCluster("app"))
            .AddCluster("app", $"127.0.0.1:{upstream.Port}"));
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("GET", (await client.RoundTripAsync("GET /y HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal("/x/y", upstream.Requests[0].Target);
    }
}
