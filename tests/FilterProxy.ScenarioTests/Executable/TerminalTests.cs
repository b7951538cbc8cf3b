using System.Text.RegularExpressions;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The terminal commands in a terminal: what a user sees, and how it is left.</summary>
public sealed partial class TerminalTests : AdminScenario
{
    private const string TakesTheScreen = "\e[?1049h\e[?25l", GivesItBack = "\e[?25h\e[?1049l", Home = "\e[H";

    [Theory]
    [InlineData(100)]
    [InlineData(40)]
    public async Task Top_fits_the_terminal_and_gives_it_back_with_the_last_look_below(int columns)
    {
        using var stop = new CancellationTokenSource();
        var traffic = SendAllTheTimeAsync(stop.Token);
        await using var top = Start(columns, 24, $"top --interval 300ms --admin {Admin}");
        await Poll.UntilAsync(() => Looks(top).Any(Busy.IsMatch), TimeSpan.FromSeconds(30));

        top.Type("\x03");

        Assert.Equal(0, await top.ExitAsync());
        await stop.CancelAsync();
        await traffic;
        Assert.Contains(TakesTheScreen, top.Output, StringComparison.Ordinal);
        Assert.All(Looks(top).SelectMany(look => look.Split('\n')), line => Assert.True(line.Length <= columns, $"{line.Length} columns: '{line}'"));
        Assert.Contains(Looks(top), look => look.Contains(columns == 100 ? $"origin/{Endpoint}" : "origin/", StringComparison.Ordinal));
        Assert.Contains("Requests/s", Plain(top.Output[top.Output.IndexOf(GivesItBack, StringComparison.Ordinal)..]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Top_shows_no_more_lines_than_there_are()
    {
        await using var top = Start(80, 9, $"top -n 1 --interval 100ms --admin {Admin}");

        Assert.Equal(0, await top.ExitAsync());
        Assert.All(Looks(top), look => Assert.InRange(look.Split('\n').Length, 1, 9));
    }

    [Fact]
    public async Task An_interrupted_drain_is_not_done_and_says_so()
    {
        Answer = _ => UpstreamResponse.Never();
        await using var client = await RawClient.ConnectAsync(Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Upstream.WaitForRequestsAsync(1);
        await using var drain = Start(80, 24, $"drain origin {Endpoint} -c {Config.Path}");
        await Poll.UntilAsync(() => Plain(drain.Output).Contains("1 in flight on origin", StringComparison.Ordinal), TimeSpan.FromSeconds(30));

        drain.Type("\x03");

        Assert.Equal(7, await drain.ExitAsync());
        Assert.Contains("interrupted: what was begun goes on", drain.Output, StringComparison.Ordinal);
        Assert.True(drain.Output.LastIndexOf("\e[?25h", StringComparison.Ordinal) > drain.Output.LastIndexOf("\e[?25l", StringComparison.Ordinal), "the cursor stays hidden");
    }

    [Theory]
    [InlineData("", true, true)]
    [InlineData("NO_COLOR=1 ", false, true)]
    [InlineData("TERM=dumb ", false, false)]
    public async Task Colours_and_frames_are_for_terminals_that_want_and_know_them(string environment, bool isColoured, bool isFramed)
    {
        await using var status = Start(120, 40, $"status --admin {Admin}", environment);

        Assert.Equal(0, await status.ExitAsync());
        Assert.Equal((isColoured, isFramed), (Colour.IsMatch(status.Output), status.Output.Contains('─')));
        Assert.Matches(@"state +ready", Plain(status.Output));
    }

    [Fact]
    public async Task Status_leaves_out_what_a_narrow_terminal_has_no_room_for()
    {
        await using var status = Start(80, 40, $"status --admin {Admin}");

        Assert.Equal(0, await status.ExitAsync());
        Assert.All(Plain(status.Output).Split('\n'), line => Assert.True(line.Length <= 80, $"{line.Length} columns: '{line}'"));
        Assert.Matches($@"origin +{Regex.Escape(Endpoint)} +active +healthy +0 ", Plain(status.Output));
        Assert.DoesNotContain("Weight", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_breaks_no_line_by_itself()
    {
        await using var tail = Start(40, 24, $"tail -n 1 --admin {Admin}");
        var exited = tail.ExitAsync();
        while (!exited.IsCompleted)
        {
            await SendAsync("GET /a/path/longer/than/forty/columns HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal(0, await exited);
        Assert.Matches($@"^\d\d:\d\d:\d\d\.\d\d\d 200 GET a/a/path/longer/than/forty/columns  all → origin/{Regex.Escape(Endpoint)}  \S+  127\.0\.0\.1  [0-9a-f]{{32}}\n$", Plain(tail.Output));
    }

    // util-linux's script gives a command a terminal, which begins without a size. Who runs tests in the background has them ignore interrupts.
    private static ProxyProcess Start(int columns, int rows, string command, string environment = "") => ProxyProcess.Start(
        ["-qefc", $"stty cols {columns} rows {rows}; exec env --default-signal=INT {environment}'{Repository.ProxyExecutable}' {command}", "/dev/null"],
        new() { ["TERM"] = "xterm-256color" },
        "/usr/bin/script");

    /// <summary>What was on the screen, one after the other; without the terminal's own echo of an interrupt.</summary>
    private static IEnumerable<string> Looks(ProxyProcess top) =>
        top.Output.Split(GivesItBack)[0].Split(Home)[1..].Select(look => Plain(look).Replace("^C", "", StringComparison.Ordinal));

    /// <summary>Without what tells a terminal something.</summary>
    private static string Plain(string output) => Escapes.Replace(output, "").Replace("\r", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escapes { get; }

    [GeneratedRegex(@"all +[1-9][0-9.]* +0 +([0-9.]+m?s +)?[0-9.]+m?s")]
    private static partial Regex Busy { get; }

    [GeneratedRegex(@"\e\[(?:[0-9;]*;)?(?:3[0-8]|9[0-7])[0-9;]*m")]
    private static partial Regex Colour { get; }
}
