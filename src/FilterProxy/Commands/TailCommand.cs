using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using FilterProxy.Core.Pipeline;
using FilterProxy.Host.Admin;
using Spectre.Console;

namespace FilterProxy.Host.Commands;

/// <summary><c>filterproxy tail</c>: exchanges as they end.</summary>
internal static class TailCommand
{
    private const int Longest = 32 * 1024;

    public static Command Create(Option<string> config)
    {
        var options = new AdminOptions(config);
        var errors = new Option<bool>("--errors") { Description = "Only those that failed, or were answered with 500 and above" };
        var route = new Option<string>("--route") { Description = "Only those on this route" };
        var times = new Option<int>("--times", "-n") { Description = "End after so many (default: when interrupted)" };
        var json = new Option<bool>("--json") { Description = "Print a line of JSON for each" };
        var command = new Command("tail", "Follow the exchanges of a running proxy as they end.") { errors, route, times, json };
        options.AddTo(command);
        command.SetAction((result, ending) => Terminal.RunAsync(async cancel =>
        {
            using var client = options.Connect(result);
            var path = $"tail?errors={(result.GetValue(errors) ? "true" : "false")}"
                + (result.GetValue(route) is { } name ? $"&route={Uri.EscapeDataString(name)}" : "");
            await FollowAsync(client, path, result.GetValue(times) is > 0 and var count ? count : int.MaxValue, result.GetValue(json), cancel);
            return ExitCode.Success;
        }, ending));
        return command;
    }

    private static async Task FollowAsync(AdminClient client, string path, int times, bool asJson, CancellationToken cancel)
    {
        // One line each, however narrow the terminal is: it breaks them itself, and what is copied stays whole.
        AnsiConsole.Profile.Width = Longest;
        using var lines = await client.FollowAsync(path, cancel);
        for (var shown = 0; shown < times;)
        {
            if (await NextAsync(lines, cancel) is not { } line)
            {
                throw new CommandException(ExitCode.Unreachable, "the proxy ended it");
            }

            if (line.Length == 0)
            {
                continue;
            }

            if (line.StartsWith("{\"missed\":", StringComparison.Ordinal))
            {
                await Console.Error.WriteLineAsync($"{line["{\"missed\":".Length..^1]} missed: they come faster than they are shown");
                continue;
            }

            shown++;
            if (asJson)
            {
                Terminal.Out.WriteLine(line);
            }
            else
            {
                Print(JsonSerializer.Deserialize(line, AdminJson.Lines.ExchangeRecord)!);
            }
        }
    }

    private static async Task<string?> NextAsync(StreamReader lines, CancellationToken cancel)
    {
        try
        {
            return await lines.ReadLineAsync(cancel);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return null;
        }
    }

    private static void Print(ExchangeRecord record)
    {
        var time = record.Time.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var to = record.Cluster is null ? record.Route ?? "-" : $"{record.Route} → {record.Cluster}/{record.Endpoint ?? "-"}";
        var why = record.Reason == ReasonCodes.ViaUpstream ? "" : $" {record.Reason}{(record.Detail is null ? "" : $" ({record.Detail})")}";
        var what = $"{record.Method} {record.Host}{record.Path}  {to}  {Terminal.Time(record.DurationMs / 1000)}{why}  {record.Client ?? "-"}  {record.RequestId ?? ""}";
        if (!Terminal.IsLive)
        {
            Terminal.Out.WriteLine(Terminal.Clean(string.Create(CultureInfo.InvariantCulture, $"{time} {record.Status} {what}")).ReplaceLineEndings(" ").TrimEnd());
            return;
        }

        var colour = record.Status >= 500 || record.Status == 0 ? "red" : record.Status >= 400 ? "yellow" : "green";
        AnsiConsole.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[grey]{time}[/] [{colour}]{record.Status}[/] {Terminal.Escape(what)}"));
    }
}
