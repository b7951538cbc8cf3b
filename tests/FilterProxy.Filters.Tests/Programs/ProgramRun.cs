using System.Diagnostics;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>A program that is run to its end.</summary>
internal static class ProgramRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Its output and what it wrote to its error stream.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static Task<string> OfAsync(string name, params string[] arguments) => OfAsync(name, Limit, arguments);

    /// <inheritdoc cref="OfAsync(string, string[])"/>
    public static async Task<string> OfAsync(string name, TimeSpan limit, string[] arguments)
    {
        var start = new ProcessStartInfo(ExternalProgram.Find(name) ?? name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        var text = string.Concat(await output);
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{name} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{text}");
    }
}
