using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FilterProxy.Core.Config.Binding;
using Spectre.Console;

namespace FilterProxy.Host.Commands;

/// <summary><c>filterproxy top</c>: the busiest routes and endpoints, again and again.</summary>
internal static class TopCommand
{
    private static readonly string[] Columns = ["", "Requests/s", "Errors/s", "p50", "p99"];

    public static Command Create(Option<string> config)
    {
        var options = new AdminOptions(config);
        var interval = new Option<string>("--interval") { Description = "Between two looks", DefaultValueFactory = _ => "1s" };
        var times = new Option<int>("--times", "-n") { Description = "End after so many looks (default: when interrupted)" };
        var rows = new Option<int>("--rows") { Description = "Routes and endpoints to show", DefaultValueFactory = _ => 20 };
        var command = new Command("top", "Show the busiest routes and endpoints with rates, errors and latencies, refreshed.") { interval, times, rows };
        options.AddTo(command);
        command.SetAction((result, cancel) => Terminal.RunAsync(async () =>
        {
            if (!DurationText.TryParse(result.GetValue(interval)!, out var pause, out var error) || pause < TimeSpan.FromMilliseconds(100))
            {
                throw new CommandException(ExitCode.Failure, error.Length > 0 ? error : "the interval must be at least 100ms");
            }

            using var client = options.Connect(result);
            var looks = new Looks(client, pause, result.GetValue(times) is > 0 and var count ? count : int.MaxValue, result.GetValue(rows));
            await (Terminal.IsLive ? looks.RunLiveAsync(cancel) : looks.RunPlainAsync(cancel));
            return ExitCode.Success;
        }));
        return command;
    }

    /// <summary>An endpoint's name beside its cluster's.</summary>
    public static string EndpointOf(Dictionary<string, string> labels) =>
        $"{labels.GetValueOrDefault("cluster")}/{labels.GetValueOrDefault("endpoint")}";

    private sealed class Looks(AdminClient client, TimeSpan pause, int times, int rows)
    {
        private MetricsText? _last;
        private long _at;

        public Task RunLiveAsync(CancellationToken cancel) => AnsiConsole.Live(new Text("…")).AutoClear(true).StartAsync(async live =>
        {
            for (var i = 0; i < times; i++)
            {
                var (routes, endpoints) = await LookAsync(cancel);
                live.UpdateTarget(new Rows(
                    new Markup($"[bold]{Terminal.Escape(client.Address)}[/]  {DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  (ctrl-c ends)"),
                    Terminal.Live(["Route", .. Columns[1..]], Rows(routes)),
                    Terminal.Live(["Endpoint", .. Columns[1..]], Rows(endpoints))));
            }
        });

        public async Task RunPlainAsync(CancellationToken cancel)
        {
            for (var i = 0; i < times; i++)
            {
                var (routes, endpoints) = await LookAsync(cancel);
                Terminal.WritePlain(["Route", .. Columns[1..]], Rows(routes));
                Console.Out.WriteLine();
                Terminal.WritePlain(["Endpoint", .. Columns[1..]], Rows(endpoints));
                Console.Out.WriteLine();
            }
        }

        private async Task<(IReadOnlyList<Traffic> Routes, IReadOnlyList<Traffic> Endpoints)> LookAsync(CancellationToken cancel)
        {
            var before = _last ?? await ReadAsync(cancel);
            var from = _at;
            await Task.Delay(pause, cancel);
            var after = await ReadAsync(cancel);
            var seconds = Stopwatch.GetElapsedTime(from, _at).TotalSeconds;
            return (
                Traffic.Between(before, after, seconds, Traffic.Requests, labels => labels.GetValueOrDefault("route") ?? "-"),
                Traffic.Between(before, after, seconds, Traffic.Attempts, EndpointOf));
        }

        private async Task<MetricsText> ReadAsync(CancellationToken cancel)
        {
            _last = MetricsText.Parse(await client.GetTextAsync("metrics", cancel));
            _at = Stopwatch.GetTimestamp();
            return _last;
        }

        private IEnumerable<string[]> Rows(IReadOnlyList<Traffic> traffic) => traffic.Take(rows).Select(t => new[]
        {
            t.Name, Terminal.Rate(t.PerSecond), Terminal.Rate(t.ErrorsPerSecond), Terminal.Time(t.P50), Terminal.Time(t.P99),
        });
    }
}
