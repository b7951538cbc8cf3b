using System.Diagnostics;

namespace FilterProxy.ScenarioTests.Clients;

/// <summary>A client of somebody else's, run to its end.</summary>
internal static class ClientProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Where it is; null when it is not installed.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>Runs it; what it wrote, both ways.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string name, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Find(name)!, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"{name} {string.Join(' ', arguments)} did not end within {Limit}.");
        }
    }
}
