using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>Plugins come, change and are mended while the proxy serves.</summary>
public sealed class PluginReloadTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task A_plugin_replaced_under_load_serves_the_next_requests_and_those_in_flight_end_on_the_old_one()
    {
        var held = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(async request =>
        {
            if (request.Target == "/held")
            {
                await held.Task;
            }

            return UpstreamResponse.Ok(LoadLoop.Mark);
        });
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Using(port, upstream.Port, "Stamp"));
        var plugin = await PluginCompiler.WriteAsync(file.Folder, "Stamp", "1.0.0", Stamp("one"));
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        var loops = Enumerable.Range(0, 4).Select(_ => new LoadLoop(port)).ToArray();
        var running = loops.Select(loop => loop.RunAsync()).ToArray();
        await using var client = await RawClient.ConnectAsync(port);
        await client.SendAsync("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
        await Poll.UntilAsync(() => loops.All(loop => loop.Answered > 20), TimeSpan.FromSeconds(30));

        // Overwritten where it lies, while its code runs; then a folder of its own for each version.
        await PluginCompiler.CompileAsync(plugin, "2.0.0", Stamp("two"));
        await Poll.UntilAsync(() => StampIsAsync(port, "two"), TimeSpan.FromSeconds(30));
        await PluginCompiler.WriteAsync(file.Folder, "Stamp@3.0", "3.0.0", Stamp("three"));
        await file.ReplaceAsync(Using(port, upstream.Port, "Stamp@3.0"));
        await Poll.UntilAsync(() => StampIsAsync(port, "three"), TimeSpan.FromSeconds(30));

        held.SetResult();
        Assert.Equal("one", (await client.ReadResponseAsync()).Headers["x-stamp"]);
        Assert.Equal("three", (await client.RoundTripAsync(Get)).Headers["x-stamp"]);
        var answered = loops.Sum(loop => loop.Answered);
        await Poll.UntilAsync(() => loops.Sum(loop => loop.Answered) > answered + 50, TimeSpan.FromSeconds(30));
        Assert.Empty(loops.SelectMany(loop => loop.Cut));
        Assert.Equal(0, loops.Sum(loop => loop.Unanswered));
        proxy.Signal(ProxyProcess.SigTerm);
        Assert.Equal(0, await proxy.ExitAsync());
        await Task.WhenAll(running);
    }

    [Fact]
    public async Task A_plugin_that_is_missing_or_broken_keeps_the_configuration_until_it_is_mended()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Using(port, upstream.Port, "Stamp"));
        var plugin = await PluginCompiler.WriteAsync(file.Folder, "Stamp", "1.0.0", Stamp("one"));
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        await File.WriteAllTextAsync(plugin, "half an upload");
        await Poll.UntilAsync(() => proxy.Error.Contains("plugin 'Stamp' could not be loaded", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        Assert.True(await StampIsAsync(port, "one"));
        await PluginCompiler.CompileAsync(plugin, "2.0.0", Stamp("two"));
        await Poll.UntilAsync(() => StampIsAsync(port, "two"), TimeSpan.FromSeconds(30));

        // Named first, dropped in later.
        await file.ReplaceAsync(Using(port, upstream.Port, "Stamp@3.0"));
        await Poll.UntilAsync(() => proxy.Error.Contains("plugin 'Stamp@3.0' was not found", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        Assert.True(await StampIsAsync(port, "two"));
        await PluginCompiler.WriteAsync(file.Folder, "Stamp@3.0", "3.0.0", Stamp("three"));
        await Poll.UntilAsync(() => StampIsAsync(port, "three"), TimeSpan.FromSeconds(30));
    }

    private static async Task<bool> StampIsAsync(int port, string text)
    {
        await using var client = await RawClient.ConnectAsync(port);
        return (await client.RoundTripAsync(Get)).Headers["x-stamp"] == text;
    }

    private static string Using(int port, int upstream, string plugin) => $$"""
        plugin_path: .
        plugins: [{{plugin}}]
        listeners: { web: { address: "127.0.0.1:{{port}}" } }
        routes: [ { name: all, cluster: origin, filters: [ stamp ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] } }
        """;

    private static string Stamp(string text) => $$"""
        [Component("stamp")]
        public sealed class Stamp : IResponseFilter
        {
            public ValueTask OnResponseAsync(HttpExchange exchange)
            {
                exchange.Response.Headers.Set("x-stamp", "{{text}}");
                return default;
            }
        }
        """;
}
