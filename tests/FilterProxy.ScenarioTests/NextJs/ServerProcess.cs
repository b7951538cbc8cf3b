using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A server run as a child process: started, awaited until it answers, and ended with all its own children.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly HttpClient Probe = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    });
    private readonly Process _process;
    private readonly Queue<string> _output = new();
    private readonly string _name;

    private ServerProcess(string name, Process process)
    {
        _name = name;
        _process = process;
    }

    /// <summary>The last lines it wrote.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <param name="name">What failures call it.</param>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="environment">Added to this process's environment.</param>
    public static ServerProcess Start(
        string name,
        string file,
        IEnumerable<string> arguments,
        string folder,
        IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        var process = new Process { StartInfo = start };
        var server = new ServerProcess(name, process);
        process.OutputDataReceived += (_, e) => server.Keep(e.Data);
        process.ErrorDataReceived += (_, e) => server.Keep(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        // A test run that is stopped half-way disposes nothing.
        AppDomain.CurrentDomain.ProcessExit += server.OnTestProcessExit;
        return server;
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

    /// <summary>Waits until any HTTP answer comes from this address.</summary>
    public async Task AnswersAsync(Uri address)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{_name} ended with {_process.ExitCode}:\n{Output}");
            }

            try
            {
                using var answer = await Probe.GetAsync(address);
                return;
            }
            catch (HttpRequestException) when (clock.Elapsed < StartLimit)
            {
                await Task.Delay(50);
            }
            catch (HttpRequestException e)
            {
                throw new TimeoutException($"{_name} does not answer at {address}:\n{Output}", e);
            }
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnTestProcessExit;
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    private void OnTestProcessExit(object? sender, EventArgs e) => Kill();

    private void Keep(string? line)
    {
        lock (_output)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
            }

            if (_output.Count > 200)
            {
                _output.Dequeue();
            }
        }
    }
}
