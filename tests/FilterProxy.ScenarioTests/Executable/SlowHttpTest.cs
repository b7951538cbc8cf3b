using System.Diagnostics;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The program slowhttptest with a thousand connections.</summary>
internal sealed class SlowHttpTest : IDisposable
{
    private readonly Process _process;

    /// <param name="url">What it attacks.</param>
    /// <param name="arguments">How.</param>
    public SlowHttpTest(string url, string arguments)
    {
        // An attack comes from elsewhere: what the program itself takes of this machine's processors is not what is measured.
        _process = Process.Start(new ProcessStartInfo("nice", $"-n 19 {Program} -c 1000 -l 60 -p 3 {arguments} -u {url}")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Null when it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "slowhttptest"))
        .FirstOrDefault(File.Exists);

    public bool HasEnded => _process.HasExited;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
