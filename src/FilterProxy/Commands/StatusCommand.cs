using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using FilterProxy.Host.Admin.Views;

namespace FilterProxy.Host.Commands;

/// <summary><c>filterproxy status</c>: what runs, where it listens, and which endpoints take requests.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Create(Option<string> config)
    {
        var options = new AdminOptions(config);
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("status", "Show a running proxy: listeners, clusters and endpoints, rates over a second.") { json };
        options.AddTo(command);
        command.SetAction((result, ending) => Terminal.RunAsync(async cancel =>
        {
            using var client = options.Connect(result);
            if (result.GetValue(json))
            {
                await PrintJsonAsync(client, cancel);
            }
            else
            {
                await PrintAsync(client, cancel);
            }

            return ExitCode.Success;
        }, ending));
        return command;
    }

    private static async Task PrintJsonAsync(AdminClient client, CancellationToken cancel)
    {
        var answer = new JsonObject();
        foreach (var part in new[] { "stats", "listeners", "clusters", "snapshots" })
        {
            answer[part] = JsonNode.Parse(await client.GetTextAsync(part, cancel));
        }

        Terminal.Out.WriteLine(answer.ToJsonString(new() { WriteIndented = true }));
    }

    private static async Task PrintAsync(AdminClient client, CancellationToken cancel)
    {
        var stats = await client.GetAsync<StatsView>("stats", cancel);
        var listeners = await client.GetAsync<IReadOnlyList<ListenerView>>("listeners", cancel);
        var before = MetricsText.Parse(await client.GetTextAsync("metrics", cancel));
        await Task.Delay(Interval, cancel);
        var after = MetricsText.Parse(await client.GetTextAsync("metrics", cancel));
        var clusters = await client.GetAsync<IReadOnlyList<ClusterView>>("clusters", cancel);
        var all = Traffic.Between(before, after, Interval.TotalSeconds, Traffic.Requests, _ => "all").SingleOrDefault();
        var rates = Traffic.Between(before, after, Interval.TotalSeconds, Traffic.Attempts, TopCommand.EndpointOf).ToDictionary(t => t.Name);
        Terminal.Write(["FilterProxy", stats.Version],
        [
            ["state", stats.State],
            ["pid", Number(stats.Pid)],
            ["uptime", Uptime(stats.UptimeSeconds)],
            ["configuration", $"{Number(stats.Snapshot)}, {stats.ConfigFile}"],
            ["held by older ones", Number(stats.HeldSnapshots)],
            ["connections", Number(stats.Accepted)],
            ["in flight", Number(stats.InFlight)],
            ["requests/s", Terminal.Rate(all?.PerSecond ?? 0)],
            ["errors/s", Terminal.Rate(all?.ErrorsPerSecond ?? 0)],
            ["memory", $"{stats.Process.ResidentBytes >> 20} MiB"],
        ]);
        Terminal.Out.WriteLine();
        Terminal.Write(
            ["Listener", "Address", new("Protocols") { Rank = 2 }, new("TLS") { Rank = 1 }, Column.Number("Connections")],
            listeners.Select(l => new[] { l.Name, string.Join(", ", l.Addresses), string.Join(", ", l.Protocols), l.Tls ? "yes" : "no", Number(l.Connections) }));
        Terminal.Out.WriteLine();
        Terminal.Write(
            [
                "Cluster", "Endpoint", "State", "Health", Column.Number("Weight", rank: 2), Column.Number("In flight", rank: 1), Column.Number("Open", rank: 3),
                Column.Number("Requests/s"), new("Why") { IsText = true },
            ],
            clusters.SelectMany(cluster => cluster.Endpoints.Select(endpoint => Row(cluster, endpoint, rates))));
    }

    private static string[] Row(ClusterView cluster, EndpointView endpoint, Dictionary<string, Traffic> rates) =>
    [
        cluster.Name, endpoint.Name, endpoint.State, endpoint.Healthy ? "healthy" : "unhealthy", Number(endpoint.Weight), Number(endpoint.InFlight),
        Number(endpoint.Pools.Sum(pool => pool.Open)), Terminal.Rate(rates.GetValueOrDefault($"{cluster.Name}/{endpoint.Name}")?.PerSecond ?? 0), endpoint.Why,
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Uptime(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Floor(seconds));
        return time.TotalDays >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time.Days}d {time.Hours}h")
            : time.ToString("c", CultureInfo.InvariantCulture);
    }
}
