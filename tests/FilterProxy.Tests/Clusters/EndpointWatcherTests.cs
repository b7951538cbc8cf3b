using System.Net;
using System.Threading.Channels;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters;

public sealed class EndpointWatcherTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly string _name = Guid.NewGuid().ToString("N");

    private ChannelWriter<DiscoveredEndpoint[]> Source => ScriptedSource.ChannelOf(_name).Writer;

    [Fact]
    public async Task The_first_set_is_there_when_the_proxy_has_started()
    {
        await using var upstream = TestUpstream.Start();
        Source.TryWrite([Named("one", upstream.Port)]);
        await using var proxy = await StartAsync();

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task A_new_set_replaces_the_last_and_what_stays_is_the_same_endpoint()
    {
        Source.TryWrite([Named("one", 1), Named("two", 2)]);
        await using var proxy = await StartAsync();
        var two = EndpointsOf(proxy)[1];

        Source.TryWrite([Named("two", 2), Named("three", 3)]);

        await Poll.UntilAsync(() => EndpointsOf(proxy)[1].Name == "three");
        Assert.Same(two, EndpointsOf(proxy)[0]);
    }

    [Fact]
    public async Task The_last_set_stays_when_the_source_fails_and_it_is_asked_again()
    {
        Source.TryWrite([Named("one", 1)]);
        await using var proxy = await StartAsync();

        Source.TryWrite([Named("", 1)]);
        await Poll.UntilAsync(() => proxy.LogLines.Any(line => line.Contains("endpoint source of cluster 'origin' failed")));
        Assert.Equal("one", EndpointsOf(proxy)[0].Name);

        Source.TryWrite([Named("two", 2)]);
        await Poll.UntilAsync(() => EndpointsOf(proxy)[0].Name == "two");
    }

    [Fact]
    public async Task A_set_with_one_name_twice_is_not_taken()
    {
        Source.TryWrite([Named("one", 1)]);
        await using var proxy = await StartAsync();

        Source.TryWrite([Named("two", 2), Named("two", 3)]);

        await Poll.UntilAsync(() => proxy.LogLines.Any(line => line.Contains("two endpoints called 'two'")));
        Assert.Equal(1, proxy.Counts["filterproxy.upstream.discovery.problems source=origin reason=failed"]);
        Assert.Equal("one", EndpointsOf(proxy)[0].Name);
    }

    private static DiscoveredEndpoint Named(string name, int port) => new(name, new IPEndPoint(IPAddress.Loopback, port));

    private static EndpointSet EndpointsOf(TestProxy proxy) => proxy.Engine.Snapshot!.Clusters["origin"].Endpoints;

    private Task<TestProxy> StartAsync() => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: { scripted_source: { channel: "{{_name}}" } } } }
        """,
        TestTransport.Memory,
        typeof(ScriptedSource));
}
