using System.ComponentModel;
using System.Diagnostics;
using FilterProxy.Filters.Acme.Client;

namespace FilterProxy.Filters.Acme.Challenges;

/// <summary>The operator's program for TXT records: run without a shell, with a time limit, its last words kept for the log.</summary>
internal sealed class HookProgram(IReadOnlyList<string> command, string folder, TimeSpan timeout)
{
    private const int LastWords = 500;

    /// <exception cref="AcmeException">It could not be run, failed, or took too long.</exception>
    public async Task RunAsync(string action, string name, string record, string value, CancellationToken stop)
    {
        var program = command[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(folder, command[0])) : command[0];
        var start = new ProcessStartInfo(program, [.. command.Skip(1), action, record, value])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ACME_ACTION"] = action;
        start.Environment["ACME_DOMAIN"] = name;
        start.Environment["ACME_RECORD_NAME"] = record;
        start.Environment["ACME_RECORD_VALUE"] = value;

        using var process = Start(start);
        process.StandardInput.Close();
        var words = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            stop.ThrowIfCancellationRequested();
            throw new AcmeException($"'{program} {action}' did not end within {timeout}.");
        }

        if (process.ExitCode != 0)
        {
            // A child it left behind may keep its output open: it is not waited for.
            var said = await Task.WhenAny(words, Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None)) == words ? string.Join(' ', await words) : "";
            throw new AcmeException($"'{program} {action}' ended with {process.ExitCode}: {OneLine(said)}");
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new AcmeException($"'{start.FileName}' cannot be run: {e.Message}", inner: e);
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var kept = "";
        var buffer = new char[1024];
        while (await reader.ReadAsync(buffer) is > 0 and var count)
        {
            kept += new string(buffer, 0, count);
            kept = kept.Length > LastWords ? kept[^LastWords..] : kept;
        }

        return kept;
    }

    private static string OneLine(string text) => string.Concat(text.Trim().Select(c => char.IsControl(c) ? ' ' : c));
}
