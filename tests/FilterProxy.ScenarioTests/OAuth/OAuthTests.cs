using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FilterProxy.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.OAuth;

/// <summary>People and programs at <c>conf/examples/oauth.yaml</c>, with a certified provider.</summary>
[Trait("suite", "oauth")]
public sealed class OAuthTests(OAuthSite site) : IClassFixture<OAuthSite>
{
    [OAuthFact]
    public async Task An_admin_logs_in_and_comes_to_the_page_that_was_wanted()
    {
        var page = await site.OpenAsync();

        var answer = await OAuthSite.LogInAsync(page, "/admin/reports?year=2030", "ada");

        Assert.Equal((200, site.Origin + "/admin/reports?year=2030"), (answer.Status, page.Url));
        var told = await OAuthSite.ToldAsync(page);
        Assert.Equal(("ada", "admin,staff", true), (told.GetProperty("user").GetString(), told.GetProperty("roles").GetString(), told.GetProperty("bearer").GetBoolean()));
        Assert.DoesNotContain("__Host-session", told.GetProperty("cookie").GetString() ?? "", StringComparison.Ordinal);
    }

    [OAuthFact]
    public async Task Who_has_not_the_role_comes_in_but_not_there()
    {
        var page = await site.OpenAsync();

        Assert.Equal(403, (await OAuthSite.LogInAsync(page, "/admin", "bob")).Status);

        Assert.Equal(200, (await page.GotoAsync("/shop"))!.Status);
        Assert.Equal("bob", (await OAuthSite.ToldAsync(page)).GetProperty("user").GetString());
    }

    [OAuthFact]
    public async Task The_session_is_a_cookie_no_script_and_no_other_host_sees()
    {
        var page = await site.OpenAsync();
        await OAuthSite.LogInAsync(page, "/shop", "ada");

        var cookie = (await page.Context.CookiesAsync()).Single(cookie => cookie.Name == "__Host-session");

        Assert.Equal((true, true, SameSiteAttribute.Lax, "localhost"), (cookie.HttpOnly, cookie.Secure, cookie.SameSite, cookie.Domain));
        Assert.DoesNotContain("__Host-session", await page.EvaluateAsync<string>("document.cookie"), StringComparison.Ordinal);
        Assert.Single(await page.Context.CookiesAsync(), other => other.Name.StartsWith("__Host-session", StringComparison.Ordinal));
    }

    [OAuthFact]
    public async Task Tokens_are_refreshed_while_the_session_goes_on()
    {
        var page = await site.OpenAsync();
        await OAuthSite.LogInAsync(page, "/shop", "ada");
        var tokens = new HashSet<string>();

        // Two refreshes: the second with the token that the first brought.
        await Poll.UntilAsync(
            async () =>
            {
                var told = await page.EvaluateAsync<JsonElement>("async () => { const r = await fetch('/shop'); return { status: r.status, body: await r.text() }; }");
                Assert.Equal(200, told.GetProperty("status").GetInt32());
                tokens.Add(JsonDocument.Parse(told.GetProperty("body").GetString()!).RootElement.GetProperty("token").GetString()!);
                return tokens.Count >= 3;
            },
            TimeSpan.FromSeconds(40));
    }

    [OAuthFact]
    public async Task A_logout_ends_every_session_of_the_user_and_no_other()
    {
        var (page, elsewhere, other) = (await site.OpenAsync(), await site.OpenAsync(), await site.OpenAsync());
        await OAuthSite.LogInAsync(page, "/shop", "ada");
        await OAuthSite.LogInAsync(elsewhere, "/shop", "ada");
        await OAuthSite.LogInAsync(other, "/shop", "bob");

        await page.GotoAsync("/oauth2/logout");
        Assert.Equal("Log out", await page.Locator("h1").TextContentAsync());
        await page.ClickAsync("button");

        // Back at the first page, which is for who is logged in: the provider asks again.
        await page.WaitForURLAsync(site.Origin + "/oauth/login/**");
        await Poll.UntilAsync(async () => await StatusAsync(elsewhere) == 401, what: "the other browser's session has ended");
        Assert.Equal(200, await StatusAsync(other));
    }

    [OAuthFact]
    public async Task Programs_get_401_as_json_where_a_session_is_wanted()
    {
        using var answer = await site.Http.GetAsync(new Uri(site.Origin + "/shop"));

        Assert.Equal((HttpStatusCode.Unauthorized, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("/oauth2/login", JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("login").GetString());
    }

    [OAuthFact]
    public async Task Programs_use_tokens_of_the_provider_on_the_api()
    {
        var token = await TokenAsync("read");

        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiAsync(HttpMethod.Get, null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiAsync(HttpMethod.Get, token[..^4] + "AAAA")).Status);
        var (status, body) = await ApiAsync(HttpMethod.Get, token);
        Assert.Equal((HttpStatusCode.OK, "batch"), (status, JsonDocument.Parse(body).RootElement.GetProperty("user").GetString()));
        Assert.Equal(HttpStatusCode.Forbidden, (await ApiAsync(HttpMethod.Post, token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await ApiAsync(HttpMethod.Post, await TokenAsync("read write"))).Status);
    }

    [OAuthFact]
    public async Task Programs_use_keys_on_the_api_and_nowhere_else()
    {
        // A token beside the key that nobody checks, and names that are not the program's to give.
        var (status, body) = await ApiAsync(HttpMethod.Get, "anything", OAuthSite.Key);
        var told = JsonDocument.Parse(body).RootElement;
        Assert.Equal((HttpStatusCode.OK, "nightly", false), (status, told.GetProperty("user").GetString(), told.GetProperty("bearer").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, told.GetProperty("roles").ValueKind);

        Assert.Equal(HttpStatusCode.Forbidden, (await ApiAsync(HttpMethod.Post, null, OAuthSite.Key)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiAsync(HttpMethod.Get, await TokenAsync("read"), OAuthSite.Key[..^1] + "0")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiAsync(HttpMethod.Get, null, OAuthSite.Key, "/shop")).Status);
    }

    [OAuthFact]
    public async Task Everybody_sees_what_is_public_and_who_has_a_session_is_known_there()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/public/news");
        Assert.Equal(JsonValueKind.Null, (await OAuthSite.ToldAsync(page)).GetProperty("user").ValueKind);

        await OAuthSite.LogInAsync(page, "/shop", "bob");
        await page.GotoAsync("/public/news");

        Assert.Equal("bob", (await OAuthSite.ToldAsync(page)).GetProperty("user").GetString());
    }

    private static Task<int> StatusAsync(IPage page) => page.EvaluateAsync<int>("async () => (await fetch('/shop')).status");

    private async Task<string> TokenAsync(string scope)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Origin + "/oauth/token")
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("scope", scope)]),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("batch:batch-secret")));
        using var answer = await site.Http.SendAsync(request);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("access_token").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string Body)> ApiAsync(HttpMethod method, string? token, string? key = null, string path = "/api/orders")
    {
        using var request = new HttpRequestMessage(method, site.Origin + path);
        request.Headers.TryAddWithoutValidation("x-user", "root");
        request.Headers.TryAddWithoutValidation("x-roles", "admin");
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("x-api-key", key);
        }

        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await site.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
