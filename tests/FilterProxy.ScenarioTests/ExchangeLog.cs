using System.Collections.Concurrent;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests;

/// <summary>What the logging phase of one test's proxy saw. Put <see cref="Filter"/> into the configuration's filters.</summary>
internal sealed class ExchangeLog
{
    private static readonly ConcurrentDictionary<string, ExchangeLog> All = new();
    private readonly ConcurrentQueue<LoggedExchange> _entries = new();
    private readonly string _key = "k" + Guid.NewGuid().ToString("n");

    public ExchangeLog() => All[_key] = this;

    /// <summary>The filter entry that writes here.</summary>
    public string Filter => $"{{ exchange_log: {{ key: {_key} }} }}";

    /// <summary>Everything goes to one upstream and is logged here.</summary>
    public Task<TestProxy> StartAsync(
        int upstreamPort, string limits = "", string cluster = "", string route = "", TestTransport transport = TestTransport.Sockets) =>
        StartAsync($"\"127.0.0.1:{upstreamPort}\"", limits, cluster, route, transport);

    /// <summary>Everything goes to a cluster of these endpoints, given as the items of a YAML list.</summary>
    public Task<TestProxy> StartAsync(
        string endpoints, string limits = "", string cluster = "", string route = "", TestTransport transport = TestTransport.Sockets) =>
        TestProxy.StartAsync(
            $$"""
            http: { filters: [ {{Filter}} ], limits: { {{limits}} } }
            routes: [ { name: all, cluster: origin{{(route.Length > 0 ? ", " + route : "")}} } ]
            clusters: { origin: { load_balancer: round_robin, endpoints: [{{endpoints}}]{{(cluster.Length > 0 ? ", " + cluster : "")}} } }
            """,
            transport,
            typeof(ExchangeLogFilter));

    /// <summary>The next exchange that ended, waiting for it.</summary>
    public async Task<LoggedExchange> NextAsync()
    {
        LoggedExchange? entry = null;
        await Poll.UntilAsync(() => _entries.TryDequeue(out entry), what: "another exchange is logged");
        return entry!;
    }

    internal static void Add(string key, LoggedExchange entry) => All[key]._entries.Enqueue(entry);
}

/// <summary>One line of an <see cref="ExchangeLog"/>.</summary>
internal sealed record LoggedExchange(int Status, string Reason, int Attempts);
