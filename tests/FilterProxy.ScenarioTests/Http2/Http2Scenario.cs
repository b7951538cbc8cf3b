using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>What scenarios of HTTP/2 run over, and how they see that a request was not let through.</summary>
public abstract class Http2Scenario
{
    public static TheoryData<TestTransport> Transports => [.. TestTransports.Http2];

    /// <summary>How the proxy answered something it had to refuse: a 4xx, a reset stream, or the end of the connection.</summary>
    internal static async Task<string> RefusalAsync(H2Client client, int stream)
    {
        try
        {
            var answer = await client.WaitForAsync(
                f => f.Type == H2FrameType.GoAway || (f.Stream == stream && (f.Ends || f.Type == H2FrameType.RstStream)));
            return answer.Type switch
            {
                H2FrameType.GoAway => $"goaway {answer.ErrorCode}",
                H2FrameType.RstStream => $"reset {answer.ErrorCode}",
                _ => $"status {(await client.ReadResponseAsync(stream)).Status}",
            };
        }
        catch (RawFormatException)
        {
            return "closed";
        }
    }

    internal static bool IsRefusal(string answer) =>
        answer.StartsWith("status 4", StringComparison.Ordinal) || answer.StartsWith("reset", StringComparison.Ordinal)
        || answer is "closed" || (answer.StartsWith("goaway", StringComparison.Ordinal) && answer != "goaway 0");
}
