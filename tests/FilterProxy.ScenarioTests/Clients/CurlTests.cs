using Xunit;

namespace FilterProxy.ScenarioTests.Clients;

/// <summary>curl in each protocol it speaks, certificates verified.</summary>
[Collection(ExampleSiteTests.Name)]
public sealed class CurlTests(ExampleSite site)
{
    private const string Facts = "\n%{http_code} %{http_version} %header{strict-transport-security}";

    [ClientTheory("curl")]
    [InlineData("--http1.1", "https", "1.1")]
    [InlineData("--http2", "https", "2")]
    [InlineData("--http1.1", "http", "1.1")]
    [InlineData("--http2-prior-knowledge", "http", "2")]
    public async Task Gets(string protocol, string scheme, string version)
    {
        var (_, output, error) = await CurlAsync(protocol, scheme, "/a?b=c");

        Assert.Equal(($"GET {scheme}://example.com/a?b=c {ExampleSite.Digest([])}\n200 {version} max-age=31536000", ""), (output, error));
    }

    [ClientTheory("curl")]
    [InlineData("--http1.1", "https")]
    [InlineData("--http2", "https")]
    [InlineData("--http2-prior-knowledge", "http")]
    public async Task Posts(string protocol, string scheme)
    {
        var (_, output, error) = await CurlAsync(protocol, scheme, "/form", "--data", "a=b");

        Assert.Equal((true, ""), (output.StartsWith($"POST {scheme}://example.com/form {ExampleSite.Digest("a=b"u8.ToArray())}\n200", StringComparison.Ordinal), error));
    }

    [ClientTheory("curl")]
    [InlineData("--http1.1", "https", "")]
    [InlineData("--http2", "https", "")]
    [InlineData("--http2", "https", "chunked")]
    [InlineData("--http2-prior-knowledge", "http", "")]
    public async Task Large_bodies_pass_both_ways(string protocol, string scheme, string upload)
    {
        var (sent, received) = (Path.Combine(site.Folder, "sent"), Path.Combine(site.Folder, "received"));
        await File.WriteAllBytesAsync(sent, ExampleSite.Large);
        string[] framing = upload == "chunked" ? ["-H", "Content-Length:"] : [];

        var (_, output, error) = await CurlAsync(protocol, scheme, "/up", ["-X", "PUT", "--data-binary", "@" + sent, .. framing]);
        Assert.Equal((true, ""), (output.StartsWith($"PUT {scheme}://example.com/up {ExampleSite.Digest(ExampleSite.Large)}\n200", StringComparison.Ordinal), error));

        await CurlAsync(protocol, scheme, "/large", "-o", received);
        Assert.Equal(ExampleSite.Digest(ExampleSite.Large), ExampleSite.Digest(await File.ReadAllBytesAsync(received)));
    }

    [ClientTheory("curl")]
    [InlineData("--http1.1", "1.1")]
    [InlineData("--http2", "2")]
    public async Task Is_redirected_to_https(string protocol, string version)
    {
        var (_, output, error) = await ClientProgram.RunAsync(
            "curl", "-sSL", protocol, "--cacert", site.Authority,
            "--connect-to", $"example.com:80:127.0.0.1:{site.Plain}", "--connect-to", $"example.com:443:127.0.0.1:{site.Secure}",
            "-w", "\n%{http_code} %{http_version} %{num_redirects} %{url_effective}", "http://example.com/a?b");

        Assert.Equal(($"GET https://example.com/a?b {ExampleSite.Digest([])}\n200 {version} 1 https://example.com/a?b", ""), (output, error));
    }

    [ClientTheory("curl")]
    [InlineData("example.com", 0)]
    [InlineData("other.example", 0)]
    [InlineData("unknown.example", 60)]
    public async Task Gets_the_certificate_of_the_site_it_asks_for(string host, int exitCode)
    {
        var (code, output, _) = await ClientProgram.RunAsync(
            "curl", "-sS", "--http2", "--cacert", site.Authority, "--connect-to", $"::127.0.0.1:{site.Secure}", $"https://{host}/");

        Assert.Equal((exitCode, exitCode == 0), (code, output.StartsWith($"GET https://{host}/", StringComparison.Ordinal)));
    }

    [ClientFact("curl")]
    public async Task Many_at_once_share_a_connection()
    {
        var (code, output, _) = await ClientProgram.RunAsync(
            "curl", "-sS", "--http2", "--parallel", "--parallel-max", "20", "--cacert", site.Authority, "--connect-to", $"::127.0.0.1:{site.Secure}",
            "-w", "%{http_version} %{num_connects}\n", "-o", "/dev/null", "https://example.com/[1-50]");

        Assert.Equal(0, code);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(50, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("2 ", line, StringComparison.Ordinal));
    }

    private Task<(int ExitCode, string Output, string Error)> CurlAsync(string protocol, string scheme, string path, params string[] more) =>
        ClientProgram.RunAsync(
            "curl",
            [
                "-sS", protocol, "--cacert", site.Authority, "--connect-to", $"::127.0.0.1:{(scheme == "https" ? site.Secure : site.Clear)}", "-w", Facts,
                .. more, $"{scheme}://example.com{path}",
            ]);
}
