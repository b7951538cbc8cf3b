using System.Net;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Redirects name the place the browser can go to, as the app wrote it.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class RedirectTests(NextJsFixture site)
{
    [NextJsTheory]
    // Of next.config.
    [InlineData("/old-items/7", 308, "/items/7")]
    [InlineData("/old-items/7?q=1", 308, "/items/7?q=1")]
    [InlineData("/oauth/login", 307, "/oauth")]
    [InlineData("/admin/people", 308, "/admin/users/1")]
    [InlineData("/kline/chart/", 307, "/kline/symbols/btc/")]
    // Of redirect() in a server component.
    [InlineData("/moved", 307, "/about")]
    // Of trailing slashes: kline wants them, the others do not.
    [InlineData("/about/", 308, "/about")]
    [InlineData("/admin/", 308, "/admin")]
    [InlineData("/admin/users/1/?q=1", 308, "/admin/users/1?q=1")]
    [InlineData("/kline", 308, "/kline/")]
    [InlineData("/kline/report", 308, "/kline/report/")]
    public async Task Has_the_status_and_location_the_app_gave_it(string path, int status, string location)
    {
        using var direct = await site.Http.GetAsync(site.Direct(path));

        using var proxied = await site.Http.GetAsync(site.Through(path));

        Assert.Equal(status, (int)proxied.StatusCode);
        Assert.Equal(location, proxied.Headers.Location?.OriginalString);
        Assert.Equal(direct.StatusCode, proxied.StatusCode);
        Assert.Equal(direct.Headers.Location?.OriginalString, proxied.Headers.Location?.OriginalString);
    }

    [NextJsFact]
    public async Task Of_middleware_names_the_origin_the_browser_asked()
    {
        using var response = await site.Http.GetAsync(site.Through("/oauth/profile"));

        Assert.Equal(307, (int)response.StatusCode);
        Assert.Equal(site.Through("/oauth?from=profile"), new Uri(site.Proxy, response.Headers.Location!));
    }

    [NextJsTheory]
    [InlineData("/moved", "/about", "About")]
    [InlineData("/oauth/profile", "/oauth?from=profile", "Log in")]
    [InlineData("/kline/chart", "/kline/symbols/btc/", "Symbol btc")]
    public async Task Takes_the_browser_there(string path, string end, string title)
    {
        var page = await site.OpenAsync();

        var response = await page.GotoAsync(path);

        Assert.Equal((int)HttpStatusCode.OK, response!.Status);
        Assert.Equal(site.Through(end).ToString(), page.Url);
        Assert.Equal(title, await page.Locator("h1").TextContentAsync());
    }
}
