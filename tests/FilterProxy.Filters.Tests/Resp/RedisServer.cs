using System.Diagnostics;
using System.Globalization;
using FilterProxy.Filters.Tests.Programs;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>A redis-server of a test's own, which can be killed, paused and started again where it was.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string[] _arguments;
    private readonly ScratchFolder _folder = new();
    private ExternalProgram? _process;
    private bool _isPaused;

    private RedisServer(int port, string[] arguments) => (Port, _arguments) = (port, arguments);

    public int Port { get; }

    /// <summary>Starts one that keeps nothing on disk.</summary>
    /// <param name="arguments">More arguments, as on its command line.</param>
    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        var server = new RedisServer(ExternalProgram.FreePort(), arguments);
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        string[] own = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"];

        // What is given last holds: a server for TLS has no other port.
        _process = await ExternalProgram.StartAsync("redis-server", [.. own, .. _arguments.Select(a => a == "PORT" ? port : a)], _folder.Path, [Port]);
    }

    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>It accepts connections and answers nothing.</summary>
    public Task PauseAsync()
    {
        _isPaused = true;
        return SignalAsync("STOP");
    }

    public Task ResumeAsync()
    {
        _isPaused = false;
        return SignalAsync("CONT");
    }

    public async ValueTask DisposeAsync()
    {
        if (_isPaused)
        {
            await ResumeAsync();
        }

        await KillAsync();
        _folder.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
