using System.Diagnostics;
using System.Text.Json;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>testssl.sh finds nothing here that is worse than what it finds at nginx with its defaults.</summary>
[Trait("suite", "long")]
public sealed class TestSslTests : IDisposable
{
    // From harmless to grave, as testssl.sh grades.
    private static readonly string[] Grades = ["DEBUG", "OK", "INFO", "WARN", "LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"];
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task No_finding_is_worse_than_at_nginx_with_its_defaults()
    {
        using var certificate = _authority.Issue("site.example", ["site.example"]);
        var (cert, key) = _authority.Write(certificate, "site");
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ { file: { cert: "{{cert}}", key: "{{key}}", default: true } } ] } } ] } }
            routes: [ { respond: { body: hi } } ]
            """);
        var port = ServerProcess.FreePort();
        using var nginx = StartNginx(port, cert, key);
        try
        {
            var ours = await ExamineAsync(proxy.Port);
            var theirs = await ExamineAsync(port);
            var worst = theirs.Values.Max();

            // What only we are asked (nginx' answer made a test pointless) may be as bad as nginx' own worst at most.
            var worse = ours.Where(found => found.Value > Math.Max(2, theirs.TryGetValue(found.Key, out var same) ? same : worst))
                .Select(found => $"{found.Key}: {Grades[found.Value]}, nginx {(theirs.TryGetValue(found.Key, out var same) ? Grades[same] : "none")}");

            Assert.InRange(ours.Count, 40, 1000);
            Assert.Empty(worse);
        }
        finally
        {
            nginx.Kill();
            await nginx.WaitForExitAsync();
        }
    }

    public void Dispose() => _authority.Dispose();

    private Process StartNginx(int port, string cert, string key)
    {
        var config = Path.Combine(_authority.Folder, "nginx.conf");
        File.WriteAllText(config, $$"""
            daemon off; master_process off; pid {{_authority.Folder}}/nginx.pid; error_log stderr;
            events { }
            http {
              access_log off;
              client_body_temp_path {{_authority.Folder}}; proxy_temp_path {{_authority.Folder}}; fastcgi_temp_path {{_authority.Folder}};
              uwsgi_temp_path {{_authority.Folder}}; scgi_temp_path {{_authority.Folder}};
              server { listen 127.0.0.1:{{port}} ssl; ssl_certificate {{cert}}; ssl_certificate_key {{key}}; location / { return 200 hi; } }
            }
            """);
        return Process.Start(new ProcessStartInfo(File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx", ["-c", config, "-p", _authority.Folder]) { RedirectStandardError = true })!;
    }

    /// <summary>The findings by their names, as grades.</summary>
    private async Task<Dictionary<string, int>> ExamineAsync(int port)
    {
        var report = Path.Combine(_authority.Folder, $"{port}.json");
        var start = new ProcessStartInfo(
            "testssl",
            ["--quiet", "--color", "0", "--warnings", "batch", "--jsonfile", report, "--protocols", "--std", "--server-defaults", "--vulnerable", "--fs", "--server-preference", $"127.0.0.1:{port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(5));
        await process.WaitForExitAsync();
        Assert.True(File.Exists(report), output + await errors);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        return json.RootElement.EnumerateArray()
            .Where(finding => finding.GetProperty("id").GetString() != "scanTime")
            .GroupBy(finding => finding.GetProperty("id").GetString()!)
            .ToDictionary(group => group.Key, group => group.Max(finding => Array.IndexOf(Grades, finding.GetProperty("severity").GetString())));
    }
}
