using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>What every scenario runs over.</summary>
public abstract class Scenario
{
    public const string Get = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

    /// <summary>For scenarios about messages: the rule. See <see cref="TestTransports.Most"/>.</summary>
    public static TheoryData<TestTransport> AllTransports => [.. TestTransports.Most];

    /// <summary>For scenarios that the transport has no part in. See <see cref="TestTransports.Few"/>.</summary>
    public static TheoryData<TestTransport> FewTransports => [.. TestTransports.Few];

    /// <summary>For scenarios that HTTP/2 has no words for; each says which.</summary>
    public static TheoryData<TestTransport> Http1Transports => [.. TestTransports.Http1];

    /// <summary>A gate that opens at the end of the test at the latest, so that no upstream waits for ever.</summary>
    internal static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// The rest of the request is not wanted: HTTP/1 says so by the end of the connection (RFC 9112 §9.6), HTTP/2 by that of the stream
    /// (RFC 9113 §8.1), and the connection serves on.
    /// </summary>
    internal static async Task AssertGivenUpAsync(RawClient client, RawResponse response)
    {
        Assert.Equal(client.TryLeaveBody() ? null : "close", response.Headers["Connection"]);
        await AssertLetGoAsync(client);
    }

    /// <summary>As <see cref="AssertGivenUpAsync"/>, where it is known only after the response that nobody will read the rest.</summary>
    internal static async Task AssertLetGoAsync(RawClient client)
    {
        if (!client.TryLeaveBody())
        {
            Assert.True(await client.IsClosedByPeerAsync());
            return;
        }

        // A request that the proxy answers itself, whatever its routes.
        Assert.Equal(417, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nExpect: nothing\r\n\r\n")).Status);
    }

    /// <summary>The connection takes no more requests: HTTP/1 says so in the response, HTTP/2 by GOAWAY.</summary>
    internal static async Task AssertLastAsync(RawClient client, RawResponse response, TestTransport transport)
    {
        Assert.Equal(TestTransports.IsHttp2(transport) ? null : "close", response.Headers["Connection"]);
        Assert.True(await client.IsClosedByPeerAsync());
    }
}
