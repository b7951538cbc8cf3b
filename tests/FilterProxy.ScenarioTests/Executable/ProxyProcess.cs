using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The built executable as a child process: what it prints, how it takes signals, how it ends.</summary>
internal sealed partial class ProxyProcess : IAsyncDisposable
{
    public const int SigHup = 1;
    public const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private ProxyProcess(Process process) => _process = process;

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Descriptors it has open.</summary>
    public int Descriptors => Directory.GetFileSystemEntries($"/proc/{Id}/fd").Length;

    /// <summary>Bytes of memory it has resident.</summary>
    public long Resident
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>Standard error so far.</summary>
    public string Error => Read(_error);

    public static ProxyProcess Start(params string[] arguments) => Start(arguments, null);

    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Added to this process's environment.</param>
    /// <param name="program">Another copy of the program.</param>
    /// <param name="folder">Where it runs; the root of the repository when null.</param>
    public static ProxyProcess Start(
        string[] arguments, Dictionary<string, string>? environment, string? program = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program ?? Repository.ProxyExecutable, arguments)
        {
            WorkingDirectory = folder ?? Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (variable, value) in environment ?? [])
        {
            start.Environment[variable] = value;
        }

        var child = new ProxyProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += (_, e) => Keep(child._output, e.Data);
        child._process.ErrorDataReceived += (_, e) => Keep(child._error, e.Data);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs to the end, which must come by itself.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        await using var process = Start(arguments);
        var code = await process.ExitAsync();
        return (code, process.Output, process.Error);
    }

    /// <summary>Waits until it says it serves.</summary>
    public async Task ReadyAsync()
    {
        await Poll.UntilAsync(() => _process.HasExited || Error.Contains("Ready.\n", StringComparison.Ordinal), Patience);
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"The proxy ended with {_process.ExitCode}:\n{Error}");
        }
    }

    /// <summary>Writes to its standard input.</summary>
    public void Type(string keys)
    {
        _process.StandardInput.Write(keys);
        _process.StandardInput.Flush();
    }

    public void Signal(int signal)
    {
        if (Kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"The signal could not be sent: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Waits for its end and all it printed.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan? limit = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? Patience);
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Keep(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
