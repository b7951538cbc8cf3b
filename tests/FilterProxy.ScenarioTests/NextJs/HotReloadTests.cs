using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>`next dev` behind the proxy: its WebSocket tells the open page of edited sources.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class HotReloadTests(NextJsFixture site)
{
    [NextJsFact]
    public async Task Shows_an_edit_in_the_open_page_without_loading_it_again()
    {
        var (folder, proxy, server) = await site.Site.DevelopAsync("admin", "/admin");
        var page = await site.OpenAsync();
        page.SetDefaultTimeout(120_000);
        var frames = 0;
        var sockets = new List<string>();
        page.WebSocket += (_, socket) =>
        {
            sockets.Add(new Uri(socket.Url).PathAndQuery);
            socket.FrameReceived += (_, _) => Interlocked.Increment(ref frames);
        };
        await page.GotoAsync(new Uri(proxy, "/admin").ToString(), new() { WaitUntil = WaitUntilState.Load });
        await page.ClickAsync("#counter");
        await page.Locator("text=clicked 1").WaitForAsync();

        var source = Path.Combine(folder, "app", "page.tsx");
        var text = await File.ReadAllTextAsync(source);
        await File.WriteAllTextAsync(source, text.Replace("Admin app", "Edited app", StringComparison.Ordinal));

        await page.Locator("h1", new() { HasText = "Edited app" }).WaitForAsync();
        Assert.Equal("clicked 1", await page.TextContentAsync("#counter"));
        Assert.Contains(sockets, path => path.StartsWith("/admin/_next/webpack-hmr", StringComparison.Ordinal));
        Assert.True(frames > 0, server.Output);
    }
}
