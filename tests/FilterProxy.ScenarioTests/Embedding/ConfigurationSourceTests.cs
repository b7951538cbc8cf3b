using System.Text;
using FilterProxy.Hosting;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.TestKit;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>A proxy whose configuration is outside of the code, or partly.</summary>
public sealed class ConfigurationSourceTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task A_configuration_file_is_taken_as_the_executable_takes_it()
    {
        await using var upstream = TestUpstream.Start();
        using var file = ConfigFile.Forwarding(0, upstream.Port);
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy().LoadFromFile(file.Path));
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("ok", (await client.RoundTripAsync(Request)).Text);
    }

    [Fact]
    public async Task A_file_that_changes_is_taken_over_with_the_code_laid_over_it()
    {
        const string Routes = "routes: [ { name: file, respond: { body: STATE } } ]";
        using var file = new ConfigFile(Routes.Replace("STATE", "before", StringComparison.Ordinal));
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy().AddListener("web", "127.0.0.1:0").LoadFromFile(file.Path));
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("before", (await client.RoundTripAsync(Request)).Text);

        await file.ReplaceAsync(Routes.Replace("STATE", "after", StringComparison.Ordinal));

        await Poll.UntilAsync(async () => (await client.RoundTripAsync(Request)).Text == "after");
    }

    [Fact]
    public async Task A_section_of_the_hosts_configuration_has_the_keys_of_a_file()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-request-id"] ?? "none"));
        using var json = new MemoryStream(Encoding.UTF8.GetBytes($$"""
            {
              "Proxy": {
                "http": { "forwarding": { "request_id": false } },
                "listeners": { "web": { "address": "127.0.0.1:0" } },
                "routes": [ { "match": { "path": [ "/x", "/" ] }, "cluster": "app" } ],
                "clusters": { "app": { "endpoints": [ { "address": "127.0.0.1:{{upstream.Port}}", "weight": 2 } ] } }
              }
            }
            """));
        var section = new ConfigurationBuilder().AddJsonStream(json).Build().GetSection("Proxy");
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy().LoadFromConfig(section));
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("none", (await client.RoundTripAsync(Request)).Text);
    }

    [Fact]
    public async Task Code_is_laid_over_a_file_and_adds_to_its_routes()
    {
        using var file = new ConfigFile("""
            listeners: { web: { address: "127.0.0.1:1" } }
            routes: [ { name: file, match: { path: /file }, respond: { body: file } } ]
            """);
        await using var proxy = await EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("code", route => route.Path("/code").Respond(200, "code"))
            .LoadFromFile(file.Path));
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("file", (await client.RoundTripAsync("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal("code", (await client.RoundTripAsync("GET /code HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }
}
