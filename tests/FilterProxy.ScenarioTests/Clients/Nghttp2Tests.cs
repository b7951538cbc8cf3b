using System.Text.RegularExpressions;
using Xunit;

namespace FilterProxy.ScenarioTests.Clients;

/// <summary>The clients of nghttp2: nghttp shows every frame, h2load sends many requests at once.</summary>
[Collection(ExampleSiteTests.Name)]
public sealed partial class Nghttp2Tests(ExampleSite site)
{
    [ClientTheory("nghttp")]
    [InlineData("https")]
    [InlineData("http")]
    public async Task Nghttp_gets(string scheme)
    {
        var (code, output, _) = await ClientProgram.RunAsync("nghttp", "-v", "-H:authority: example.com", $"{scheme}://127.0.0.1:{Port(scheme)}/a");

        Assert.Equal(0, code);
        Assert.Contains(":status: 200", output, StringComparison.Ordinal);
        Assert.Contains($"GET {scheme}://example.com/a {ExampleSite.Digest([])}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("RST_STREAM", output, StringComparison.Ordinal);
    }

    [ClientTheory("nghttp")]
    [InlineData("https", false)]
    [InlineData("http", true)]
    public async Task Nghttp_posts_a_large_body(string scheme, bool padded)
    {
        var file = Path.Combine(site.Folder, "upload");
        await File.WriteAllBytesAsync(file, ExampleSite.Large);
        string[] padding = padded ? ["--padding=100"] : [];

        var (code, output, _) = await ClientProgram.RunAsync(
            "nghttp", ["-H:authority: example.com", "-H:method: PUT", "-d", file, .. padding, $"{scheme}://127.0.0.1:{Port(scheme)}/up"]);

        Assert.Equal((0, $"PUT {scheme}://example.com/up {ExampleSite.Digest(ExampleSite.Large)}"), (code, output.TrimEnd()));
    }

    [ClientFact("nghttp")]
    public async Task Nghttp_gets_several_at_once_through_small_windows()
    {
        var url = $"https://127.0.0.1:{site.Secure}/large";

        // 2^14 and 2^15 bytes.
        var (code, output, _) = await ClientProgram.RunAsync("nghttp", "-n", "-s", "-w", "14", "-W", "15", "-H:authority: example.com", "-m", "3", url);

        Assert.Equal(0, code);
        Assert.Equal(3, StatusLine.Count(output));
    }

    [ClientFact("nghttp")]
    public async Task Nghttp_sends_trailers_and_continuation_frames()
    {
        var file = Path.Combine(site.Folder, "small");
        await File.WriteAllTextAsync(file, "body");

        var (code, output, _) = await ClientProgram.RunAsync(
            "nghttp", "--continuation", "--trailer", "x-sum: 1", "-d", file, "-H:authority: example.com", $"https://127.0.0.1:{site.Secure}/up");

        Assert.Equal((0, $"POST https://example.com/up {ExampleSite.Digest("body"u8.ToArray())}"), (code, output.TrimEnd()));
    }

    [ClientTheory("nghttp")]
    [InlineData("https", "h2")]
    [InlineData("http", "h2c")]
    [InlineData("https", "http/1.1")]
    public Task H2load_gets_all_it_asks_for(string scheme, string protocol) => LoadAsync(scheme, protocol, 2_000);

    [ClientTheory("nghttp"), Trait("suite", "long")]
    [InlineData("https", "h2")]
    [InlineData("http", "h2c")]
    public Task H2load_gets_all_it_asks_for_for_long(string scheme, string protocol) => LoadAsync(scheme, protocol, 100_000);

    private async Task LoadAsync(string scheme, string protocol, int requests)
    {
        string[] version = protocol switch { "h2" => [], "h2c" => ["-p", protocol], _ => ["--h1"] };

        var (code, output, error) = await ClientProgram.RunAsync(
            "h2load", ["-n", $"{requests}", "-c", "8", "-m", "16", .. version, "-H", ":authority: example.com", $"{scheme}://127.0.0.1:{Port(scheme)}/a"]);

        Assert.True(code == 0, error);
        Assert.Contains($"{requests} done, {requests} succeeded, 0 failed, 0 errored, 0 timeout", output, StringComparison.Ordinal);
        Assert.Contains($"status codes: {requests} 2xx", output, StringComparison.Ordinal);
        Assert.Contains($"Application protocol: {protocol}", output, StringComparison.Ordinal);
    }

    private int Port(string scheme) => scheme == "https" ? site.Secure : site.Clear;

    [GeneratedRegex(@"^ *\d+ .* 200 ", RegexOptions.Multiline)]
    private static partial Regex StatusLine { get; }
}
