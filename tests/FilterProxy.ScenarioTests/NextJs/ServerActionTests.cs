using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Server Actions: a form runs code of the app, which first compares Origin with X-Forwarded-Host or Host.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed partial class ServerActionTests(NextJsFixture site)
{
    [NextJsFact]
    public async Task Runs_and_the_page_shows_its_result()
    {
        var note = $"note {Guid.NewGuid():N}";
        var page = await site.OpenAsync();
        await page.GotoAsync("/admin/notes", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.EvaluateAsync("window.sameDocument = true");

        await page.FillAsync("input[name=text]", note);
        await page.ClickAsync("text=Add");

        await page.Locator($"#notes >> text={note}").WaitForAsync();
        Assert.Equal($"added {note}", await page.TextContentAsync("#message"));
        Assert.True(await page.EvaluateAsync<bool>("window.sameDocument === true"));
    }

    [NextJsFact]
    public async Task May_set_a_cookie_and_redirect()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/oauth", new() { WaitUntil = WaitUntilState.NetworkIdle });

        await page.FillAsync("input[name=user]", "Ada");
        await page.ClickAsync("button[type=submit]");

        await page.GetByRole(AriaRole.Heading, new() { Name = "Profile of Ada" }).WaitForAsync();
        Assert.Equal(site.Through("/oauth/profile").ToString(), page.Url);
    }

    [NextJsFact]
    public async Task Works_in_a_browser_without_JavaScript()
    {
        var note = $"note {Guid.NewGuid():N}";
        var page = await site.OpenAsync(javaScript: false);
        await page.GotoAsync("/admin/notes");

        await page.FillAsync("input[name=text]", note);
        await page.ClickAsync("text=Add");

        await page.Locator($"#notes >> text={note}").WaitForAsync();
        Assert.Equal(site.Through("/admin/notes").ToString(), page.Url);
    }

    [NextJsFact]
    public async Task Of_the_proxys_own_origin_is_accepted()
    {
        using var response = await PostLogInAsync(site.Proxy.GetLeftPart(UriPartial.Authority));

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
    }

    [NextJsFact]
    public async Task Of_another_origin_is_refused_by_the_app()
    {
        using var response = await PostLogInAsync("http://elsewhere.example");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [GeneratedRegex("name=\"(\\$ACTION_ID_[0-9a-f]+)\"")]
    private static partial Regex ActionField();

    private async Task<HttpResponseMessage> PostLogInAsync(string origin)
    {
        // Names in quotes, as browsers send them: the app's parser knows no others.
        var form = await site.Http.GetStringAsync(site.Through("/oauth"));
        using var fields = new MultipartFormDataContent
        {
            { new StringContent(""), $"\"{ActionField().Match(form).Groups[1].Value}\"" },
            { new StringContent("Eve"), "\"user\"" },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Through("/oauth")) { Content = fields };
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Cookie", "visitor=known");
        return await site.Http.SendAsync(request);
    }
}
