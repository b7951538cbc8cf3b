using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class ScriptRoutingTests
{
    [Theory]
    [EachProtocol("/", "", "main-a")]
    [EachProtocol("/beta/x", "", "beta")]
    [EachProtocol("/", "X-Cluster: beta\r\n", "beta")]
    [EachProtocol("/", "X-Zone: b\r\n", "main-b")]
    public async Task The_script_chooses_cluster_and_endpoint(string path, string headers, string answer, TestTransport transport)
    {
        await using var a = TestUpstream.Start(_ => UpstreamResponse.Ok("main-a"));
        await using var b = TestUpstream.Start(_ => UpstreamResponse.Ok("main-b"));
        await using var beta = TestUpstream.Start(_ => UpstreamResponse.Ok("beta"));
        await using var proxy = await StartAsync(a, b, beta, transport);

        var response = await proxy.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");

        Assert.Equal(answer, response.Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_cluster_that_does_not_exist_is_said_to(TestTransport transport)
    {
        await using var a = TestUpstream.Start();
        await using var proxy = await StartAsync(a, a, a, transport);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Cluster: nowhere\r\n\r\n");

        Assert.Equal(500, response.Status);
        Assert.Contains("'nowhere'", response.Text);
    }

    [Theory]
    [EachProtocol]
    public async Task An_endpoint_the_script_prefers_but_that_is_down_is_made_up_for_by_another(TestTransport transport)
    {
        await using var a = TestUpstream.Start(_ => UpstreamResponse.Ok("main-a"));
        await using var b = TestUpstream.Start();
        b.StopListening();
        await using var proxy = await StartAsync(a, b, a, transport);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Zone: b\r\n\r\n");

        Assert.Equal("main-a", response.Text);
    }

    private static Task<TestProxy> StartAsync(TestUpstream a, TestUpstream b, TestUpstream beta, TestTransport transport) => TestProxy.StartAsync(
        $$"""
        http: { route_filters: [ sketch_script ] }
        routes: [ { name: all, cluster: main } ]
        clusters:
          main:
            endpoints:
              - "127.0.0.1:{{a.Port}}"
              - { address: "localhost:{{b.Port}}", labels: { zone: b }, priority: 1 }
          beta: { endpoints: ["127.0.0.1:{{beta.Port}}"] }
        """,
        transport,
        typeof(ScriptRouting));
}
