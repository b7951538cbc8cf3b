using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>A Prometheus of its own that scrapes one address every second.</summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private static readonly HttpClient Client = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
    private readonly int _port = ServerProcess.FreePort();
    private readonly Process _process;

    private Prometheus(string target)
    {
        File.WriteAllText($"{_folder}/prometheus.yml", $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs: [ { job_name: proxy, static_configs: [ { targets: ["{{target}}"] } ] } ]
            """);
        var start = new ProcessStartInfo(Program!, [
            $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", $"--web.listen-address=127.0.0.1:{_port}",
            "--enable-feature=exemplar-storage", "--log.level=error"])
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

    public static string? Program { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => $"{folder}/prometheus").FirstOrDefault(File.Exists);

    public static async Task<Prometheus> StartAsync(string target)
    {
        var prometheus = new Prometheus(target);
        await Poll.UntilAsync(async () => await prometheus.QueryAsync("up") is [{ Value: 1 }], TimeSpan.FromSeconds(60));
        return prometheus;
    }

    /// <summary>The result of a query; empty while there is none.</summary>
    public async Task<IReadOnlyList<(Dictionary<string, string> Labels, double Value)>> QueryAsync(string query)
    {
        try
        {
            using var document = JsonDocument.Parse(await Client.GetStringAsync($"http://127.0.0.1:{_port}/api/v1/query?query={Uri.EscapeDataString(query)}"));
            return [.. document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(row => (
                row.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!),
                double.Parse(row.GetProperty("value")[1].GetString()!.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)))];
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    /// <summary>The text of an answer of its API.</summary>
    public Task<string> GetAsync(string path) => Client.GetStringAsync($"http://127.0.0.1:{_port}{path}");

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
