using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>The sample the documentation quotes, as a process of its own.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task The_application_is_reached_through_the_proxy_in_front_of_it(string inlineCompletions)
    {
        var (app, port) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        await using var sample = ProxyProcess.Start(
            ["--App", $"127.0.0.1:{app}", "--Proxy", $"127.0.0.1:{port}"],
            new() { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = inlineCompletions },
            Path.Combine(AppContext.BaseDirectory.Replace("FilterProxy.ScenarioTests", "FilterProxy.EmbeddingSample", StringComparison.Ordinal), "FilterProxy.EmbeddingSample"));
        await Poll.UntilAsync(() => sample.Output.Contains("Application started", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        await using var client = await RawClient.ConnectAsync(port);

        Assert.Equal("Hello, visitor 1.", (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal("fine", (await client.RoundTripAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal("2", (await client.RoundTripAsync("GET /visits HTTP/1.1\r\nHost: a\r\n\r\n")).Text);

        sample.Signal(ProxyProcess.SigTerm);
        Assert.Equal(0, await sample.ExitAsync());
    }

    [Fact]
    public void The_documentation_quotes_it_as_it_is()
    {
        var document = File.ReadAllText(Repository.At("docs", "embedding.md"));

        foreach (var file in new[] { "Program.cs", "VisitFilter.cs" })
        {
            Assert.Contains(File.ReadAllText(Repository.At("tests", "FilterProxy.EmbeddingSample", file)).TrimEnd(), document, StringComparison.Ordinal);
        }
    }
}
