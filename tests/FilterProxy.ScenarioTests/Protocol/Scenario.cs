using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>What every scenario of the wire protocol runs over.</summary>
public abstract class Scenario
{
    public const string Get = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

    /// <summary>For scenarios about the bytes of HTTP/1.</summary>
    public static TheoryData<TestTransport> Transports => [.. TestTransports.Http1];

    /// <summary>For scenarios about messages.</summary>
    public static TheoryData<TestTransport> AllTransports => [.. TestTransports.Most];

    /// <summary>A gate that opens at the end of the test at the latest, so that no upstream waits for ever.</summary>
    internal static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
