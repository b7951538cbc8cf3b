using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Cookies go back and forth, and all apps of the origin share them.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class CookieTests(NextJsFixture site)
{
    [NextJsFact]
    public async Task Each_set_by_middleware_arrives_on_a_line_of_its_own()
    {
        using var response = await site.Http.GetAsync(site.Through("/oauth"));

        var cookies = response.Headers.NonValidated["Set-Cookie"].ToArray();
        Assert.Equal(2, cookies.Length);
        Assert.StartsWith("visitor=", cookies[0], StringComparison.Ordinal);
        Assert.Contains("Path=/oauth", cookies[0], StringComparison.Ordinal);
        Assert.StartsWith("visited=oauth; Path=/; Expires=", cookies[1], StringComparison.Ordinal);
    }

    [NextJsFact]
    public async Task Set_by_a_route_handler_comes_back_to_it()
    {
        using var logIn = await site.Http.PostAsJsonAsync(site.Through("/api/oauth/session"), new { user = "Ada" });
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through("/oauth/api/session"));
        request.Headers.Add("Cookie", logIn.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);

        using var response = await site.Http.SendAsync(request);

        Assert.Equal("Ada", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString());
    }

    [NextJsFact]
    public async Task Set_by_one_app_is_seen_by_another()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/oauth");
        await page.EvaluateAsync("fetch('/api/oauth/session', { method: 'POST', body: JSON.stringify({ user: 'Grace' }) })");

        await page.GotoAsync("/admin/users/1");

        Assert.Equal("seen by Grace", await page.TextContentAsync("#session"));
    }

    [NextJsFact]
    public async Task Deleted_by_a_route_handler_is_gone()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/oauth");
        await page.EvaluateAsync("fetch('/api/oauth/session', { method: 'POST', body: JSON.stringify({ user: 'Grace' }) })");
        await page.EvaluateAsync("fetch('/api/oauth/session', { method: 'DELETE' })");

        await page.GotoAsync("/admin/users/1");

        Assert.Equal("seen by nobody", await page.TextContentAsync("#session"));
    }
}
