using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>The same apps over TLS and HTTP/2, as browsers reach them.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class Http2Tests(NextJsFixture site)
{
    private const string Protocols =
        "[...new Set(['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type)).map(entry => entry.nextHopProtocol))].join()";

    [NextJsTheory]
    [InlineData("/")]
    [InlineData("/oauth")]
    [InlineData("/admin")]
    public async Task A_page_and_all_its_assets_come_over_h2_and_come_alive(string path)
    {
        var page = await site.OpenAsync(origin: site.Site.SecureAddress);
        var log = new PageLog(page);

        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.ClickAsync("#counter");

        Assert.Equal(("clicked 1", "h2"), (await page.TextContentAsync("#counter"), await page.EvaluateAsync<string>(Protocols)));
        Assert.Empty(log.Problems);
    }

    [NextJsFact]
    public async Task Streamed_parts_and_server_sent_events_come_one_by_one()
    {
        var page = await site.OpenAsync(origin: site.Site.SecureAddress);
        await page.GotoAsync("/kline/", new() { WaitUntil = WaitUntilState.DOMContentLoaded });
        await page.Locator("#ticks li").Nth(9).WaitForAsync();

        await page.ClickAsync("text=Report");

        await page.WaitForSelectorAsync("#waiting");
        await page.WaitForSelectorAsync("#slow");
        Assert.Equal("h2", await page.EvaluateAsync<string>(Protocols));
    }

    [NextJsFact]
    public async Task An_edit_is_shown_by_a_WebSocket_over_h2()
    {
        var (folder, proxy, server) = await site.Site.DevelopAsync("admin", "/admin", secure: true);
        var page = await site.OpenAsync(origin: proxy);
        page.SetDefaultTimeout(120_000);
        var frames = 0;
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, _) => Interlocked.Increment(ref frames);
        await page.GotoAsync("/admin", new() { WaitUntil = WaitUntilState.Load });
        await page.ClickAsync("#counter");
        await page.Locator("text=clicked 1").WaitForAsync();

        var source = Path.Combine(folder, "app", "page.tsx");
        var text = await File.ReadAllTextAsync(source);
        await File.WriteAllTextAsync(source, text.Replace("Admin app", "Edited app", StringComparison.Ordinal));

        await page.Locator("h1", new() { HasText = "Edited app" }).WaitForAsync();
        Assert.Equal(("clicked 1", "h2"), (await page.TextContentAsync("#counter"), await page.EvaluateAsync<string>(Protocols)));
        Assert.True(frames > 0, server.Output);
    }
}
