using FilterProxy.TestKit;

namespace FilterProxy.Tests.Pipeline;

/// <summary>A proxy whose routes run scripted filters, called <c>scripted/a</c>, <c>scripted/b</c> … in order.</summary>
internal static class ScriptedProxy
{
    public const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    public const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

    public static Task<TestProxy> StartAsync(TestUpstream upstream, params Script[] scripts) =>
        StartAsync([upstream.Port], [], scripts);

    /// <summary>With filters before routing, and several endpoints.</summary>
    public static Task<TestProxy> StartAsync(int[] endpoints, Script[] global, Script[] scripts) => TestProxy.StartAsync(
        $$"""
        http: { filters: [ {{List(global, 'g')}} ], route_filters: [ {{List(scripts, 'a')}} ] }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { load_balancer: round_robin, endpoints: [ {{string.Join(", ", endpoints.Select(port => $"\"127.0.0.1:{port}\""))}} ] } }
        """,
        TestTransport.Memory,
        typeof(ScriptedFilter),
        typeof(BlockingFilter));

    private static string List(Script[] scripts, char first) => string.Join(", ", scripts.Select((script, i) =>
        $"{{ {(script.Blocking ? "blocking" : "scripted")}/{(char)(first + i)}: {{ script: \"{script.Id}\" }} }}"));
}
