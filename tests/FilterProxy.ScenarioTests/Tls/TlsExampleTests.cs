using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary><c>conf/examples/tls.yaml</c> as it is, with ports and certificates of the test.</summary>
public sealed class TlsExampleTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task The_example_serves_each_site_with_its_certificate_and_redirects_plain_http()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("app"));
        using var site = _authority.Issue("example.com", ["example.com"]);
        using var other = _authority.Issue("other.example", ["other.example"]);
        var folder = Directory.CreateDirectory(Path.Combine(_authority.Folder, "certs")).FullName;
        _authority.Write(site, "example.com", folder);
        _authority.Write(other, "other.example", folder);
        var (secure, plain) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        var environment = new Dictionary<string, string>
        {
            ["LISTEN_TLS"] = $"127.0.0.1:{secure}",
            ["LISTEN"] = $"127.0.0.1:{plain}",
            ["APP"] = $"127.0.0.1:{upstream.Port}",
            ["CERTIFICATES"] = folder,
        };
        await using var proxy = ProxyProcess.Start(["run", "-c", Repository.At("conf", "examples", "tls.yaml")], environment);
        await proxy.ReadyAsync();

        foreach (var (name, shown) in new[] { ("example.com", "example.com"), ("other.example", "other.example"), ("unknown.example", "example.com") })
        {
            await using var client = await TlsClient.ConnectAsync(secure, name, "http/1.1");
            var response = await client.Http.RoundTripAsync($"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n");
            Assert.Equal((shown, "app", "max-age=31536000"), (client.CommonName, response.Text, response.Headers["Strict-Transport-Security"]));
        }

        await using var browser = await RawClient.ConnectAsync(plain);
        var redirect = await browser.RoundTripAsync("GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\n");
        Assert.Equal((308, "https://example.com/a?b"), (redirect.Status, redirect.Headers["Location"]));
        Assert.False(redirect.Headers.Contains("Strict-Transport-Security"));
    }

    public void Dispose() => _authority.Dispose();
}
