using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.RateLimits;

/// <summary>A redis-server of its own that keeps nothing.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("redis-").FullName;

    private RedisProcess()
    {
        var start = new ProcessStartInfo(
            Program!, ["--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static string? Program { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => $"{folder}/redis-server").FirstOrDefault(File.Exists);

    public int Port { get; } = ServerProcess.FreePort();

    public static async Task<RedisProcess> StartAsync()
    {
        var redis = new RedisProcess();
        await Poll.UntilAsync(redis.AcceptsAsync, TimeSpan.FromSeconds(30));
        return redis;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AcceptsAsync()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>A test with a real redis-server; tests/run.sh installs it.</summary>
internal sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute()
    {
        if (RedisProcess.Program is null)
        {
            Skip = "redis-server is not installed";
        }
    }
}
