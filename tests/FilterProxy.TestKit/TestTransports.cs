namespace FilterProxy.TestKit;

/// <summary>
/// What scenarios run over. Each promise holds over every transport; a quick run proves it over the first of them and over each other
/// one where that is likely to make a difference, a full one (FILTERPROXY_TEST_FULL=1, as tests/run.sh --full sets) over all.
/// </summary>
public static class TestTransports
{
    /// <summary>Those that speak HTTP/1, for scenarios about its bytes.</summary>
    public static IReadOnlyList<TestTransport> Http1 { get; } =
        [TestTransport.Sockets, TestTransport.Tls, TestTransport.Direct, TestTransport.DirectTls, TestTransport.Memory];

    /// <summary>Those that speak HTTP/2.</summary>
    public static IReadOnlyList<TestTransport> Http2 { get; } = [TestTransport.H2c, TestTransport.H2];

    /// <summary>All, for scenarios about messages.</summary>
    public static IReadOnlyList<TestTransport> All { get; } = [.. Http1, .. Http2];

    /// <summary>Those that speak HTTP/1, and HTTP/2 in a full run.</summary>
    public static IReadOnlyList<TestTransport> Most { get; } =
        Environment.GetEnvironmentVariable("FILTERPROXY_TEST_FULL") == "1" ? All : Http1;
}
