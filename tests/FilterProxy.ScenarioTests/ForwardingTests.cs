using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

public sealed class ForwardingTests
{
    public static TheoryData<TestTransport> AllTransports => [.. TestTransports.All];

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_request_reaches_the_upstream_and_its_response_the_client(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Method} {r.Target} {r.Text}"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync("POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal(200, response.Status);
        Assert.Equal("POST /a?b=c hello", response.Text);
    }
}
