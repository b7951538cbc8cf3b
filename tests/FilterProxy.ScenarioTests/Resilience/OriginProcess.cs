using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FilterProxy.ScenarioTests.NextJs;

namespace FilterProxy.ScenarioTests.Resilience;

/// <summary>An upstream service in a process of its own, on a port that stays the same over its lives.</summary>
internal sealed partial class OriginProcess(string name) : IAsyncDisposable
{
    private const int SigStop = 19, SigContinue = 18, SigTerm = 15, SigKill = 9;
    private Process? _process;

    public string Name => name;

    public int Port { get; } = FreePort();

    public async Task StartAsync()
    {
        var folder = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var program = Repository.At("artifacts", "bin", "FilterProxy.TestOrigin", folder, "FilterProxy.TestOrigin");
        _process = Process.Start(new ProcessStartInfo(program, [Port.ToString(), name]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        if (await _process.StandardOutput.ReadLineAsync() != "Ready.")
        {
            throw new InvalidOperationException($"The origin '{name}' did not start.");
        }
    }

    /// <summary>Orders it to be <c>normal</c>, <c>slow 500</c> or <c>reset</c>.</summary>
    public Task BehaveAsync(string order) => _process!.StandardInput.WriteLineAsync(order);

    public void Stop() => Signal(SigStop);

    public void Continue() => Signal(SigContinue);

    public Task KillAsync() => EndAsync(SigKill);

    public Task TerminateAsync() => EndAsync(SigTerm);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }
    }

    private async Task EndAsync(int signal)
    {
        Signal(signal);
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    private void Signal(int signal)
    {
        if (Kill(_process!.Id, signal) != 0)
        {
            throw new InvalidOperationException($"The signal could not be sent: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
