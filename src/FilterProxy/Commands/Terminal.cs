using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace FilterProxy.Host.Commands;

/// <summary>How commands talk: plain lines into files and pipes, colours and live views in a terminal.</summary>
internal static class Terminal
{
    private const int StandardOutput = 1;

    // Of a table with a simple border.
    private const int BetweenColumns = 3;

    /// <summary>Whether somebody looks.</summary>
    public static bool IsLive => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi;

    /// <summary>
    /// Where lines for files and pipes go. Not the console's own writer: that one goes on without a word when the reader has left.
    /// </summary>
    public static TextWriter Out { get; } = Console.IsOutputRedirected
        ? new StreamWriter(new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0)) { AutoFlush = true }
        : Console.Out;

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, Task{int}}, int, CancellationToken)"/>
    public static Task<int> RunAsync(Func<CancellationToken, Task<int>> command, CancellationToken cancel) => RunAsync(command, ExitCode.Success, cancel);

    /// <summary>Runs a command; what it cannot do is said on standard error, and is its exit code.</summary>
    /// <param name="command">It, with what tells it that the operator has ended it: a signal.</param>
    /// <param name="interrupted">The exit code when the operator ends it.</param>
    /// <param name="cancel">Ends it, too.</param>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> command, int interrupted, CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        void End(PosixSignalContext signal)
        {
            // The second one is obeyed as it is.
            signal.Cancel = !ended.IsCancellationRequested;
            _ = ended.CancelAsync();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        try
        {
            return await command(ended.Token);
        }
        catch (CommandException e)
        {
            await Console.Error.WriteLineAsync(Clean(e.Message));
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // The operator ended it.
            return interrupted;
        }
        catch (IOException) when (Console.IsOutputRedirected)
        {
            // Who read has had enough: "tail | head".
            return interrupted;
        }
    }

    /// <summary>A text without what a terminal would obey instead of showing it: it may be a client's.</summary>
    public static string Clean(string text)
    {
        if (!text.Any(IsHarmful))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(c is '\n' || !IsHarmful(c) ? c : '?');
        }

        return clean.ToString();
    }

    /// <summary>As <see cref="Clean"/>, for markup.</summary>
    public static string Escape(string text) => Markup.Escape(Clean(text).ReplaceLineEndings(" "));

    /// <summary>A table for whoever looks.</summary>
    public static void Write(Column[] columns, IEnumerable<string[]> rows)
    {
        if (IsLive)
        {
            AnsiConsole.Write(Live(columns, rows));
        }
        else
        {
            WritePlain(columns, rows);
        }
    }

    /// <summary>A table for a terminal. Where that is narrow, columns are left out and texts broken or cut; numbers are not.</summary>
    public static Table Live(Column[] columns, IEnumerable<string[]> rows)
    {
        var cells = rows.ToList();
        var shown = Column.Fitting(columns, cells, AnsiConsole.Profile.Width, BetweenColumns);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var i in shown)
        {
            table.AddColumn(new TableColumn(Escape(columns[i].Name))
            {
                NoWrap = columns[i].IsNumber,
                Alignment = columns[i].IsNumber ? Justify.Right : Justify.Left,
            });
        }

        foreach (var row in cells)
        {
            table.AddRow(shown.Select(i => new Markup(Colour(Escape(row[i]))) { Overflow = Overflow.Ellipsis }));
        }

        return table;
    }

    /// <summary>A table for a file or a pipe.</summary>
    public static void WritePlain(Column[] columns, IEnumerable<string[]> rows)
    {
        var table = new TextTable([.. columns.Select(column => column.Name)]);
        foreach (var row in rows)
        {
            table.Add([.. row.Select(cell => Clean(cell).ReplaceLineEndings(" "))]);
        }

        table.Write(Out);
    }

    /// <summary>Milliseconds as people read them.</summary>
    public static string Time(double seconds) => double.IsNaN(seconds) ? "-"
        : seconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#}ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.##}s");

    /// <summary>How often something happens.</summary>
    public static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.#}");

    private static bool IsHarmful(char c) =>
        char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Colour(string cell) => cell switch
    {
        "ready" or "active" or "healthy" => $"[green]{cell}[/]",
        "unhealthy" => $"[red]{cell}[/]",
        "draining" or "maintenance" or "stopping" or "starting" => $"[yellow]{cell}[/]",
        _ => cell,
    };
}
