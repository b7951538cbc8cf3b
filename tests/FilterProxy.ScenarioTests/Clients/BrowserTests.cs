using System.Text.Json;
using FilterProxy.ScenarioTests.NextJs;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.Clients;

/// <summary>Chromium, which finds the sites under their names and at their usual ports.</summary>
[Collection(ExampleSiteTests.Name)]
public sealed class BrowserTests(ExampleSite site) : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (Prerequisites.Chromium is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Prerequisites.Chromium,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-quic",
                $"--host-resolver-rules=MAP *:80 127.0.0.1:{site.Plain},MAP *:443 127.0.0.1:{site.Secure}",
            ],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    [BrowserFact]
    public async Task A_page_is_redirected_and_comes_over_h2()
    {
        var page = await OpenAsync();

        var response = await page.GotoAsync("http://example.com/page");

        Assert.Equal((200, "https://example.com/page"), (response!.Status, page.Url));
        Assert.Equal("h2", await page.EvaluateAsync<string>("performance.getEntriesByType('navigation')[0].nextHopProtocol"));
        Assert.Equal("max-age=31536000", (await response.AllHeadersAsync())["strict-transport-security"]);
    }

    [BrowserFact]
    public async Task Each_site_shows_its_certificate()
    {
        var page = await OpenAsync();
        foreach (var host in new[] { "example.com", "other.example" })
        {
            var response = await page.GotoAsync($"https://{host}/page");
            Assert.Equal(host, (await response!.SecurityDetailsAsync())!.SubjectName);
        }
    }

    [BrowserFact]
    public async Task A_page_posts_small_and_large_bodies()
    {
        var page = await OpenAsync();
        await page.GotoAsync("https://example.com/page");

        var answers = await page.EvaluateAsync<JsonElement>(
            """
            async () => {
              const text = async (path, options) => (await fetch(path, options)).text();
              const large = new Uint8Array(3_000_000).fill(120);
              return {
                small: await text("/form", { method: "POST", body: "a=b" }),
                large: await text("/up", { method: "PUT", body: large }),
                down: (await (await fetch("/large")).arrayBuffer()).byteLength,
                many: (await Promise.all(Array.from({ length: 50 }, (_, i) => text("/many" + i)))).filter((t, i) => t.includes("/many" + i)).length,
                protocols: [...new Set(performance.getEntriesByType("resource").map((e) => e.nextHopProtocol))].join(),
              };
            }
            """);

        Assert.Equal($"POST https://example.com/form {ExampleSite.Digest("a=b"u8.ToArray())}", answers.GetProperty("small").GetString());
        Assert.Equal($"PUT https://example.com/up {ExampleSite.Digest([.. Enumerable.Repeat((byte)120, 3_000_000)])}", answers.GetProperty("large").GetString());
        Assert.Equal((ExampleSite.Large.Length, 50, "h2"), (
            answers.GetProperty("down").GetInt32(), answers.GetProperty("many").GetInt32(), answers.GetProperty("protocols").GetString()));
    }

    private async Task<IPage> OpenAsync()
    {
        var context = await _browser!.NewContextAsync(new() { IgnoreHTTPSErrors = true });
        context.SetDefaultTimeout(30_000);
        return await context.NewPageAsync();
    }
}

/// <summary>A test that needs a Chromium, and is skipped with the reason where there is none.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Prerequisites.Chromium is null ? "chromium is not installed (or set CHROMIUM_PATH)" : null;
}
