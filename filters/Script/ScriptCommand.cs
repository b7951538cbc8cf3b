using System.Text.Json;

namespace FilterProxy.Filters.Script;

/// <summary><c>filterproxy script test FILE</c>: runs the cases beside a script.</summary>
[Component("script")]
public sealed class ScriptCommand : ICommand
{
    private const int WrongCommandLine = 1;
    private const int Failed = 2;

    /// <inheritdoc/>
    public async ValueTask<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (arguments is not ["test", var file])
        {
            await output.WriteLineAsync("usage: filterproxy script test FILE\n\nRuns the cases in FILE.test.json (routes.js: routes.test.json). Exit code 0 when all pass, 2 when not.");
            return WrongCommandLine;
        }

        try
        {
            return await TestAsync(file, output, cancel);
        }
        catch (Exception e) when (e is ScriptException or IOException or UnauthorizedAccessException or JsonException)
        {
            await output.WriteLineAsync(e.Message);
            return Failed;
        }
    }

    private static async Task<int> TestAsync(string file, TextWriter output, CancellationToken cancel)
    {
        var beside = Path.ChangeExtension(file, ".test.json");
        if (!File.Exists(beside))
        {
            await output.WriteLineAsync($"{file}: there are no cases for it: write them to {beside}");
            return Failed;
        }

        var source = new ScriptSource(Path.GetFileName(file), await File.ReadAllTextAsync(file, cancel));
        var cases = ScriptCases.Parse(await File.ReadAllTextAsync(beside, cancel), beside);
        var failed = 0;
        foreach (var one in cases.Cases)
        {
            var problems = cases.Run(one, source);
            failed += problems.Count == 0 ? 0 : 1;
            await output.WriteLineAsync($"{(problems.Count == 0 ? "ok    " : "FAILED")} {one.Name}");
            foreach (var problem in problems)
            {
                await output.WriteLineAsync($"       {problem}");
            }
        }

        await output.WriteLineAsync($"{cases.Cases.Count - failed} passed, {failed} failed");
        return failed == 0 && cases.Cases.Count > 0 ? 0 : Failed;
    }
}
