using FilterProxy.Hosting;
using FilterProxy.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>A proxy that is configured in code.</summary>
public sealed class CodeConfigurationTests
{
    private const string Request = "GET /a/b HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task It_forwards_and_starts_and_stops_with_the_host()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("app", route => route.Path("/a/*").StripPrefix("/a").ToCluster("app"))
            .AddCluster("app", $"127.0.0.1:{upstream.Port}"));
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("/b", (await client.RoundTripAsync(Request)).Text);

        await proxy.StopAsync();

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Empty(proxy.Server.Addresses);
    }

    [Fact]
    public async Task Large_bodies_pass_in_both_directions()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0", listener => listener.Set("io", "direct"))
            .AddRoute("app", route => route.ToCluster("app"))
            .AddCluster("app", $"127.0.0.1:{upstream.Port}"));
        await using var client = await proxy.ConnectAsync();
        var body = new string('x', 500_000);

        var response = await client.RoundTripAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.Equal(body, response.Text);
    }

    [Fact]
    public async Task A_filter_class_gets_its_options_and_the_services_of_the_host()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-greeting"] ?? "none"));
        await using var proxy = await EmbeddedProxy.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeter("hello"));
            builder.AddFilterProxy()
                .AddListener("web", "127.0.0.1:0")
                .AddRoute("all", route => route.ToCluster("app"))
                .AddRoute("own", route => route.Path("/own").ToCluster("app").Filter<EmbeddedFilter>(new { name = "own" }))
                .AddRoute("without", route => route.Path("/without").ToCluster("app").Without("embedded"))
                .AddCluster("app", $"127.0.0.1:{upstream.Port}")
                .AddFilter<EmbeddedFilter>(new EmbeddedOptions { Name = "all" });
        });
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("hello all at http.route_filters.embedded", (await client.RoundTripAsync(Request)).Text);
        Assert.Equal("hello own at routes.own.filters.embedded", (await client.RoundTripAsync("GET /own HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal("none", (await client.RoundTripAsync("GET /without HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Fact]
    public async Task Every_kind_of_value_can_be_set()
    {
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .Set("runtime.shutdown_grace", TimeSpan.FromSeconds(2))
            .Set("http", new { AllowConnect = true, limits = new Dictionary<string, object> { ["header_count"] = 3 } })
            .Set("http.limits.request_body", new ByteSize(10))
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("all", route => route
                .Methods("GET", "POST")
                .Header("x-kind", new { prefix = "v2." })
                .Set("respond", new { status = 202, headers = new Dictionary<string, string> { ["x.dotted"] = "yes" } })));
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Kind: v2.1\r\n\r\n");
        Assert.Equal((202, "yes"), (response.Status, response.Headers["x.dotted"]));
        Assert.Equal(404, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Kind: v3\r\n\r\n")).Status);
        Assert.Equal(431, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\na: 1\r\nb: 1\r\nc: 1\r\n\r\n")).Status);
    }

    [Fact]
    public void A_name_cannot_be_given_twice()
    {
        var proxy = new ServiceCollection().AddFilterProxy().AddCluster("app", "127.0.0.1:1");

        Assert.Contains("'app' is in clusters already", Assert.Throws<ArgumentException>(() => proxy.AddCluster("app", "127.0.0.1:2")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adding_the_proxy_again_returns_the_same_one()
    {
        var services = new ServiceCollection();

        Assert.Same(services.AddFilterProxy(), services.AddFilterProxy());
    }

    [Fact]
    public async Task It_logs_where_the_host_logs_and_says_everything_once()
    {
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("all", route => route.Respond(204)));

        Assert.Single(proxy.Log.Lines, line => line.Contains($"127.0.0.1:{proxy.Port}", StringComparison.Ordinal));
    }
}
