using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FilterProxy.Core.Config.Binding;
using Spectre.Console;

namespace FilterProxy.Host.Commands;

/// <summary><c>filterproxy top</c>: the busiest routes and endpoints, again and again.</summary>
internal static class TopCommand
{
    private static readonly Column[] Numbers = [Column.Number("Requests/s"), Column.Number("Errors/s"), Column.Number("p50", rank: 2), Column.Number("p99", rank: 1)];

    public static Command Create(Option<string> config)
    {
        var options = new AdminOptions(config);
        var interval = new Option<string>("--interval") { Description = "Between two looks", DefaultValueFactory = _ => "1s" };
        var times = new Option<int>("--times", "-n") { Description = "End after so many looks (default: when interrupted)" };
        var rows = new Option<int>("--rows") { Description = "Routes and endpoints to show", DefaultValueFactory = _ => 20 };
        var command = new Command("top", "Show the busiest routes and endpoints with rates, errors and latencies, refreshed.") { interval, times, rows };
        options.AddTo(command);
        command.SetAction((result, ending) => Terminal.RunAsync(async cancel =>
        {
            if (!DurationText.TryParse(result.GetValue(interval)!, out var pause, out var error) || pause < TimeSpan.FromMilliseconds(100))
            {
                throw new CommandException(ExitCode.Failure, error.Length > 0 ? error : "the interval must be at least 100ms");
            }

            using var client = options.Connect(result);
            var looks = new Looks(client, pause, result.GetValue(times) is > 0 and var count ? count : int.MaxValue, result.GetValue(rows));
            await (Terminal.IsLive ? looks.RunLiveAsync(cancel) : looks.RunPlainAsync(cancel));
            return ExitCode.Success;
        }, ending));
        return command;
    }

    /// <summary>An endpoint's name beside its cluster's.</summary>
    public static string EndpointOf(Dictionary<string, string> labels) =>
        $"{labels.GetValueOrDefault("cluster")}/{labels.GetValueOrDefault("endpoint")}";

    // The line above, and of both tables the names of columns with their line and the empty lines around.
    private const int Overhead = 1 + (2 * 4);

    private sealed class Looks(AdminClient client, TimeSpan pause, int times, int rows)
    {
        private MetricsText? _last;
        private long _at;

        public async Task RunLiveAsync(CancellationToken cancel)
        {
            // What is wrong with the connection is not to be said on a screen that goes.
            await ReadAsync(cancel);
            using var view = new LiveView(
                new Markup($"[bold]{Terminal.Escape(client.Address)}[/]  [grey]first look in {Terminal.Time(pause.TotalSeconds)}[/]"));
            for (var i = 0; i < times; i++)
            {
                var (routes, endpoints) = await LookAsync(cancel);
                var all = Traffic.Sum(routes);
                var room = Math.Max(2, LiveView.Height - Overhead);
                var shownRoutes = Math.Min(rows, Math.Max(room / 2, room - endpoints.Count));
                view.Show(new Rows(
                    new Markup(
                        $"[bold]{Terminal.Escape(client.Address)}[/]  {DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  "
                        + $"{Terminal.Rate(all.PerSecond)} requests/s  {Terminal.Rate(all.ErrorsPerSecond)} errors/s  [grey]ctrl-c ends[/]"),
                    Terminal.Live(["Route", .. Numbers], Rows(routes, shownRoutes)),
                    Terminal.Live(["Endpoint", .. Numbers], Rows(endpoints, Math.Min(rows, room - Math.Min(shownRoutes, routes.Count))))));
            }
        }

        public async Task RunPlainAsync(CancellationToken cancel)
        {
            for (var i = 0; i < times; i++)
            {
                var (routes, endpoints) = await LookAsync(cancel);
                Terminal.WritePlain(["Route", .. Numbers], Rows(routes, rows));
                Terminal.Out.WriteLine();
                Terminal.WritePlain(["Endpoint", .. Numbers], Rows(endpoints, rows));
                Terminal.Out.WriteLine();
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

        private static IEnumerable<string[]> Rows(IReadOnlyList<Traffic> traffic, int most) => traffic.Take(most).Select(t => new[]
        {
            t.Name, Terminal.Rate(t.PerSecond), Terminal.Rate(t.ErrorsPerSecond), Terminal.Time(t.P50), Terminal.Time(t.P99),
        });
    }
}
