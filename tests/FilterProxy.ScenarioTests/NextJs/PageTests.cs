using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A browser loads the apps' pages through the proxy.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class PageTests(NextJsFixture site)
{
    [NextJsTheory]
    [InlineData("/", "Main app", "/_next/static/")]
    [InlineData("/oauth", "Log in", "/oauth/_next/static/")]
    [InlineData("/admin", "Admin app", "/admin/_next/static/")]
    [InlineData("/kline/", "Kline app", "/kline/_next/static/")]
    public async Task Loads_with_all_its_assets_and_no_complaint(string path, string title, string assets)
    {
        var page = await site.OpenAsync();
        var log = new PageLog(page);

        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

        Assert.Equal(title, await page.Locator("h1").TextContentAsync());
        Assert.Contains(log.Paths, asset => asset.StartsWith(assets, StringComparison.Ordinal));
        Assert.Empty(log.Problems);
    }

    [NextJsTheory]
    [InlineData("/")]
    [InlineData("/oauth")]
    [InlineData("/admin")]
    [InlineData("/kline/")]
    public async Task Comes_alive_in_the_browser(string path)
    {
        var page = await site.OpenAsync();
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

        await page.ClickAsync("#counter");

        Assert.Equal("clicked 1", await page.TextContentAsync("#counter"));
    }

    [NextJsTheory]
    [InlineData("/")]
    [InlineData("/oauth")]
    [InlineData("/admin")]
    [InlineData("/kline/")]
    public async Task Shows_every_image(string path)
    {
        var page = await site.OpenAsync();
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

        var widths = await page.EvaluateAsync<int[]>("[...document.images].map(image => image.naturalWidth)");

        Assert.NotEmpty(widths);
        Assert.DoesNotContain(0, widths);
    }

    [NextJsTheory]
    [InlineData("/nothing/here", "Not found in main")]
    [InlineData("/items/none", "Not found in main")]
    [InlineData("/oauth/nothing", "Not found in oauth")]
    [InlineData("/admin/nothing", "Not found in admin")]
    [InlineData("/kline/nothing/", "Not found in kline")]
    public async Task Of_an_unknown_path_is_that_apps_own_not_found_page(string path, string title)
    {
        var page = await site.OpenAsync();

        var response = await page.GotoAsync(path);

        Assert.Equal(404, response!.Status);
        Assert.Equal(title, await page.Locator("h1").TextContentAsync());
    }
}
