using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Host.Admin.Views;
using Spectre.Console;

namespace FilterProxy.Host.Commands;

/// <summary><c>filterproxy drain</c>: stops the proxy in order, or empties one endpoint, and says when it is done.</summary>
internal static class DrainCommand
{
    private const string Undo = "undrain";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static Command Create(Option<string> config)
    {
        var options = new AdminOptions(config);
        var cluster = new Argument<string>("cluster") { Description = "Drain an endpoint of this cluster (default: the whole proxy, which then ends)", Arity = ArgumentArity.ZeroOrOne };
        var endpoint = new Argument<string>("endpoint") { Description = "The endpoint, as status shows it", Arity = ArgumentArity.ZeroOrOne };
        var timeout = new Option<string>("--timeout") { Description = "Give up waiting after this long; what was begun goes on", DefaultValueFactory = _ => "60s" };
        var delay = new Option<string>("--delay") { Description = "Of the whole proxy: go on taking requests for this long while /ready says no" };
        var undo = new Option<bool>("--undo") { Description = "Let the endpoint take requests again" };
        var maintenance = new Option<bool>("--maintenance") { Description = "Give the endpoint nothing at all, not even clients that belong to it by affinity" };
        var command = new Command("drain", "Stop the proxy, or one endpoint's traffic, and wait until nothing is in flight.")
        {
            cluster, endpoint, timeout, delay, undo, maintenance,
        };
        options.AddTo(command);
        command.SetAction((result, ending) => Terminal.RunAsync(
            async cancel =>
            {
                if (!DurationText.TryParse(result.GetValue(timeout)!, out var limit, out var error))
                {
                    throw new CommandException(ExitCode.Failure, error);
                }

                using var client = options.Connect(result);
                var change = ChangeOf(result.GetValue(undo), result.GetValue(maintenance));
                return (result.GetValue(cluster), result.GetValue(endpoint), result.GetValue(delay)) switch
                {
                    (null, null, var wait) when change is null => await StopAsync(client, wait, limit, cancel),
                    ({ }, { }, { }) => throw new CommandException(ExitCode.Failure, "--delay is for the whole proxy: an endpoint is drained at once"),
                    ({ } c, { } e, _) when change == Undo => await ChangeAsync(client, change, c, e, cancel),
                    ({ } c, { } e, _) => await EmptyAsync(client, change ?? "drain", c, e, limit, cancel),
                    _ => throw new CommandException(ExitCode.Failure, "expected a cluster and an endpoint: filterproxy drain CLUSTER ENDPOINT"),
                };
            },
            interrupted: ExitCode.NotDrained,
            ending));
        return command;
    }

    private static string? ChangeOf(bool undo, bool maintenance) => (undo, maintenance) switch
    {
        (true, true) => throw new CommandException(ExitCode.Failure, "--undo takes back either: leave out --maintenance"),
        (true, _) => Undo,
        (_, true) => "maintenance",
        _ => null,
    };

    private static async Task<int> ChangeAsync(AdminClient client, string what, string cluster, string endpoint, CancellationToken cancel)
    {
        var done = await client.PostAsync($"endpoints/{what}?cluster={Uri.EscapeDataString(cluster)}&endpoint={Uri.EscapeDataString(endpoint)}", cancel);
        Say(done.Done);
        if (done.Warning is { } warning)
        {
            await Console.Error.WriteLineAsync(Terminal.Clean(warning));
        }

        return ExitCode.Success;
    }

    private static async Task<int> EmptyAsync(AdminClient client, string what, string cluster, string endpoint, TimeSpan limit, CancellationToken cancel)
    {
        await ChangeAsync(client, what, cluster, endpoint, cancel);
        return await WaitAsync(limit, async () =>
        {
            var clusters = await client.GetAsync<IReadOnlyList<ClusterView>>("clusters", cancel);
            var view = clusters.FirstOrDefault(c => c.Name == cluster)?.Endpoints.FirstOrDefault(e => e.Name == endpoint);
            return view is null or { InFlight: 0 } ? null : $"{view.InFlight} in flight on {cluster}/{endpoint}";
        }, $"{cluster}/{endpoint} is empty", cancel);
    }

    private static async Task<int> StopAsync(AdminClient client, string? delay, TimeSpan limit, CancellationToken cancel)
    {
        Say((await client.PostAsync(delay is null ? "shutdown" : $"shutdown?delay={Uri.EscapeDataString(delay)}", cancel)).Done);
        return await WaitAsync(limit, async () =>
        {
            try
            {
                var stats = await client.GetAsync<StatsView>("stats", cancel);
                return $"{stats.Accepted} connections, {stats.InFlight} in flight";
            }
            catch (CommandException e) when (e.ExitCode == ExitCode.Unreachable)
            {
                // Its admin listener ends last of all.
                return null;
            }
        }, "it has ended", cancel);
    }

    /// <summary>Says what is left until nothing is.</summary>
    private static async Task<int> WaitAsync(TimeSpan limit, Func<Task<string?>> look, string done, CancellationToken cancel)
    {
        string? left;
        try
        {
            left = Terminal.IsLive
                ? await AnsiConsole.Status().StartAsync("…", status => WatchAsync(limit, look, text => status.Status(Terminal.Escape(text)), cancel))
                : await WatchAsync(limit, look, Say, cancel);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("interrupted: what was begun goes on");
            return ExitCode.NotDrained;
        }

        if (left is null)
        {
            Say(done);
            return ExitCode.Success;
        }

        await Console.Error.WriteLineAsync(Terminal.Clean($"not over after {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s: {left}"));
        return ExitCode.NotDrained;
    }

    private static async Task<string?> WatchAsync(TimeSpan limit, Func<Task<string?>> look, Action<string> show, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        string? shown = null;
        while (await look() is { } left)
        {
            if (left != shown)
            {
                show(left);
                shown = left;
            }

            if (Stopwatch.GetElapsedTime(started) >= limit)
            {
                return left;
            }

            await Task.Delay(Pause, cancel);
        }

        return null;
    }

    private static void Say(string text) => Terminal.Out.WriteLine(Terminal.Clean(text));
}
