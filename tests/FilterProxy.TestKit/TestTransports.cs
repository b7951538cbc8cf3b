namespace FilterProxy.TestKit;

/// <summary>
/// What scenarios run over. Each promise holds over every transport: a quick run proves it over HTTP/1 on all of them and over HTTP/2 on
/// one, a full run (FILTERPROXY_TEST_FULL=1, as tests/run.sh --full sets) over all.
/// </summary>
public static class TestTransports
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("FILTERPROXY_TEST_FULL") == "1";

    /// <summary>Those that speak HTTP/1, for scenarios about its bytes.</summary>
    public static IReadOnlyList<TestTransport> Http1 { get; } =
        [TestTransport.Sockets, TestTransport.Tls, TestTransport.Direct, TestTransport.DirectTls, TestTransport.Memory];

    /// <summary>Those that speak HTTP/2.</summary>
    public static IReadOnlyList<TestTransport> Http2 { get; } = [TestTransport.H2c, TestTransport.H2];

    /// <summary>All, for what is likely to differ between any two of them.</summary>
    public static IReadOnlyList<TestTransport> All { get; } = [.. Http1, .. Http2];

    /// <summary>Those that speak HTTP/1, and HTTP/2 in the clear; all in a full run.</summary>
    public static IReadOnlyList<TestTransport> Most { get; } = IsFull ? All : [.. Http1, TestTransport.H2c];

    /// <summary>One of each protocol, for what does not meet the transport: filters, upstreams. All in a full run.</summary>
    public static IReadOnlyList<TestTransport> Few { get; } = IsFull ? All : [TestTransport.Sockets, TestTransport.H2c];

    /// <summary>Whether clients speak HTTP/2.</summary>
    public static bool IsHttp2(TestTransport transport) => transport is TestTransport.H2c or TestTransport.H2;

    /// <summary>Whether clients speak TLS.</summary>
    public static bool IsTls(TestTransport transport) => transport is TestTransport.Tls or TestTransport.DirectTls or TestTransport.H2;

    /// <summary>The scheme of what clients ask for.</summary>
    public static string SchemeOf(TestTransport transport) => IsTls(transport) ? "https" : "http";
}
