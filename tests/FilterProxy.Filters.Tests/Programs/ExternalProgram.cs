using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>A server of somebody else's, run as a child process with a folder of its own: awaited until it accepts, ended by its id.</summary>
internal sealed class ExternalProgram : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private ExternalProgram(Process process)
    {
        _process = process;
        AppDomain.CurrentDomain.ProcessExit += OnTestProcessExit;
    }

    /// <summary>Its process id, to send signals to.</summary>
    public int Id => _process.Id;

    /// <summary>What it wrote so far.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Where a program is; null when it is not installed. Servers are often outside of a user's PATH.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/usr/local/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>Starts one and waits until it accepts connections.</summary>
    /// <param name="name">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="ports">Ports of 127.0.0.1 it will listen on.</param>
    /// <param name="environment">Added to this process's.</param>
    public static async Task<ExternalProgram> StartAsync(
        string name, IEnumerable<string> arguments, string folder, IEnumerable<int> ports, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Find(name)!, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        var process = new Process { StartInfo = start };
        var program = new ExternalProgram(process);
        process.OutputDataReceived += (_, e) => program.Keep(e.Data);
        process.ErrorDataReceived += (_, e) => program.Keep(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            foreach (var port in ports)
            {
                await Poll.UntilAsync(() => process.HasExited || Accepts(port), StartLimit);
            }

            return process.HasExited ? throw new InvalidOperationException($"{name} ended with {process.ExitCode}:\n{program.Output}") : program;
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port of 127.0.0.1 nobody listens on, below the range the system gives to outgoing connections.</summary>
    public static int FreePort()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000)));
                return ((IPEndPoint)socket.LocalEndPoint!).Port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnTestProcessExit;
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static bool Accepts(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    // A test run that is stopped half-way disposes nothing.
    private void OnTestProcessExit(object? sender, EventArgs e) => Kill();

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }
}
