using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Following links through the proxy: next/link within an app, anchors between apps.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class NavigationTests(NextJsFixture site)
{
    [NextJsTheory]
    [InlineData("/", "Item 1", "/items/1", "Item 1")]
    [InlineData("/oauth", "Client web", "/oauth/clients/web", "Client web")]
    [InlineData("/admin", "User 1", "/admin/users/1", "User 1")]
    [InlineData("/kline/", "BTC", "/kline/symbols/btc/", "Symbol btc")]
    public async Task Within_an_app_changes_the_page_without_loading_a_document(string from, string link, string to, string title)
    {
        var page = await site.OpenAsync();
        await page.GotoAsync(from, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.EvaluateAsync("window.sameDocument = true");

        await page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync();

        await Assertions.Expect(page).ToHaveURLAsync(site.Through(to).ToString(), new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Heading, new() { Name = title }).WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.sameDocument === true"));
    }

    [NextJsFact]
    public async Task Back_returns_without_loading_a_document()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/admin", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.EvaluateAsync("window.sameDocument = true");
        await page.ClickAsync("text=User 1");
        await page.GetByRole(AriaRole.Heading, new() { Name = "User 1" }).WaitForAsync();

        await page.GoBackAsync();

        await page.GetByRole(AriaRole.Heading, new() { Name = "Admin app" }).WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.sameDocument === true"));
    }

    [NextJsFact]
    public async Task Between_apps_loads_the_other_apps_document_from_the_same_origin()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/");
        var visited = new List<string?>();

        foreach (var app in new[] { "oauth", "admin", "kline", "main" })
        {
            await page.GetByRole(AriaRole.Link, new() { Name = app, Exact = true }).ClickAsync();
            await page.Locator($"header[data-app={app}]").WaitForAsync();
            visited.Add(new Uri(page.Url).PathAndQuery);
        }

        Assert.Equal(["/oauth", "/admin", "/kline/", "/"], visited);
    }
}
