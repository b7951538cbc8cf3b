using System.Text;
using System.Text.Json.Nodes;
using FilterProxy.Filters.OAuth2Login;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Sessions that end by a wish: the user's, or the provider's.</summary>
public sealed class LogoutTests
{
    [Theory]
    [InlineData(SessionPlace.Cookie)]
    [InlineData(SessionPlace.Memory)]
    public async Task A_user_logs_out_here_and_at_the_provider(SessionPlace place)
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Place = place }, Logout = new() { ReturnTo = "/bye" } });
        var browser = await rig.LogInAsync();
        var cookie = browser.Cookies["__Host-session"];

        var answer = await browser.PageAsync("/oauth2/logout");

        Assert.Equal((303, "logout_done"), (answer.Status, answer.Reason));
        Assert.StartsWith($"{rig.Provider.Issuer}/logout?id_token_hint=", answer.Location);
        Assert.EndsWith("&client_id=web&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2Fbye", answer.Location);
        Assert.Empty(browser.Cookies);
        await Poll.UntilAsync(() => rig.Provider.Revoked.Any(token => token.StartsWith("refresh-", StringComparison.Ordinal)));

        // Whoever kept a copy has nothing.
        browser.Cookies["__Host-session"] = cookie;
        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Theory]
    [InlineData("sec-fetch-site", "cross-site")]
    [InlineData("origin", "https://evil.example")]
    [InlineData("origin", "null")]
    public async Task Another_site_logs_nobody_out(string name, string value)
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();

        var answer = await browser.SendAsync("POST", "/oauth2/logout", [(name, value)]);

        Assert.Equal((403, "logout_denied"), (answer.Status, answer.Reason));
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_logout_everywhere_ends_the_users_sessions_and_no_others()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Logout = new() { Everywhere = true } });
        var browsers = new[] { await rig.LogInAsync(), await rig.LogInAsync() };
        rig.Provider.Subject = "bob";
        var other = await rig.LogInAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(1));

        await browsers[0].PageAsync("/oauth2/logout");

        Assert.False((await browsers[1].PageAsync("/")).Passed);
        Assert.True((await other.PageAsync("/")).Passed);
        rig.Provider.Subject = "ada";
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await (await rig.LogInAsync()).PageAsync("/")).Passed);
    }

    [Fact]
    public async Task The_provider_ends_a_session_through_the_browser()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        rig.Provider.Sid = "provider-session-2";
        var other = await rig.LogInAsync();

        // The frame is another site's: it comes without cookies.
        var answer = await new Browser(rig.Filter).PageAsync($"/oauth2/frontchannel_logout?iss={Uri.EscapeDataString(rig.Provider.Issuer)}&sid=provider-session-1");

        Assert.Equal((200, "logout_done"), (answer.Status, answer.Reason));
        Assert.False((await browser.PageAsync("/")).Passed);
        Assert.True((await other.PageAsync("/")).Passed);
    }

    [Theory]
    [InlineData("iss=https%3A%2F%2Fevil.example&sid=provider-session-1")]
    [InlineData("sid=provider-session-1")]
    [InlineData("iss={0}&sid=a&sid=provider-session-1")]
    public async Task Who_is_not_the_provider_ends_no_session_through_the_browser(string query)
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();

        var answer = await new Browser(rig.Filter).PageAsync("/oauth2/frontchannel_logout?" + string.Format(query, Uri.EscapeDataString(rig.Provider.Issuer)));

        Assert.Equal((400, "logout_bad_request"), (answer.Status, answer.Reason));
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task Sessions_somebody_makes_up_are_not_written_down()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        for (var i = 0; i < 50; i++)
        {
            await new Browser(rig.Filter).PageAsync($"/oauth2/frontchannel_logout?iss={Uri.EscapeDataString(rig.Provider.Issuer)}&sid=made-up-{i}");
        }

        using var json = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(json))
        {
            rig.Filter.WriteView(writer);
        }

        using var view = System.Text.Json.JsonDocument.Parse(json.ToArray());
        Assert.Equal(0, view.RootElement.GetProperty("ended").GetInt32());
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_logout_token_with_a_session_ends_that_one()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        rig.Provider.Sid = "provider-session-2";
        var other = await rig.LogInAsync();

        Assert.Equal(200, (await SendAsync(rig, rig.Provider.Sign(rig.Provider.LogoutClaims(), "logout+jwt"))).Status);

        Assert.True((await browser.PageAsync("/")).Passed);
        Assert.False((await other.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_logout_token_without_a_session_ends_all_of_the_user()
    {
        await using var rig = await LoginRig.StartAsync();
        var first = await rig.LogInAsync();
        rig.Provider.Sid = "provider-session-2";
        var second = await rig.LogInAsync();
        var claims = rig.Provider.LogoutClaims();
        claims.Remove("sid");

        Assert.Equal(200, (await SendAsync(rig, rig.Provider.Sign(claims))).Status);

        Assert.False((await first.PageAsync("/")).Passed);
        Assert.False((await second.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_logout_token_counts_once()
    {
        await using var rig = await LoginRig.StartAsync();
        var token = rig.Provider.Sign(rig.Provider.LogoutClaims());
        Assert.Equal(200, (await SendAsync(rig, token)).Status);

        Assert.Equal((400, "logout_bad_request"), ((await SendAsync(rig, token)).Status, (await SendAsync(rig, token)).Reason));
    }

    [Theory]
    [InlineData("issuer")]
    [InlineData("audience")]
    [InlineData("events")]
    [InlineData("nonce")]
    [InlineData("nobody")]
    [InlineData("no jti")]
    [InlineData("no iat")]
    [InlineData("old")]
    [InlineData("expired")]
    [InlineData("other key")]
    [InlineData("none")]
    [InlineData("access token")]
    [InlineData("garbage")]
    [InlineData("twice")]
    [InlineData("missing")]
    public async Task A_logout_token_that_is_not_what_it_should_be_ends_nothing(string lie)
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var claims = rig.Provider.LogoutClaims();
        _ = lie switch
        {
            "issuer" => claims["iss"] = "https://evil.example",
            "audience" => claims["aud"] = "another",
            "events" => claims["events"] = new JsonObject { ["another"] = new JsonObject() },
            "nonce" => claims["nonce"] = "n",
            "nobody" => claims.Remove("sub") && claims.Remove("sid") ? claims : claims,
            "no jti" => claims.Remove("jti") ? claims : claims,
            "no iat" => claims.Remove("iat") ? claims : claims,
            "old" => claims["iat"] = rig.Provider.Now - 3600,
            "expired" => claims["exp"] = rig.Provider.Now - 3600,
            _ => claims,
        };
        rig.Provider.SignsWithOtherKey = lie == "other key";
        rig.Provider.LieInHeader = header => header["alg"] = lie == "none" ? "none" : "ES256";
        var token = lie == "garbage" ? "a.b.c" : rig.Provider.Sign(claims, lie == "access token" ? "at+jwt" : null);

        var answer = await SendAsync(rig, token, lie switch { "twice" => $"logout_token={token}&logout_token={token}", "missing" => "", _ => null });

        Assert.Equal((400, "logout_bad_request"), (answer.Status, answer.Reason));
        Assert.Equal("no-store", answer.CacheControl);
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    private static Task<Browser.Answer> SendAsync(LoginRig rig, string token, string? form = null) => new Browser(rig.Filter).SendAsync(
        "POST", "/oauth2/backchannel_logout", [("content-type", "application/x-www-form-urlencoded")], Encoding.ASCII.GetBytes(form ?? $"logout_token={token}"));
}
