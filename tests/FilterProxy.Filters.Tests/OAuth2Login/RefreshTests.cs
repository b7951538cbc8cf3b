using System.Text.Json.Nodes;
using FilterProxy.Filters.OAuth2Login;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Tokens that are about to end.</summary>
public sealed class RefreshTests
{
    private static OAuth2LoginOptions Relay(OAuth2LoginOptions options) => options with { Relay = TokenRelay.AccessToken };

    [Theory]
    [InlineData(SessionPlace.Cookie)]
    [InlineData(SessionPlace.Memory)]
    public async Task Tokens_are_refreshed_before_they_end(SessionPlace place)
    {
        await using var rig = await LoginRig.StartAsync(o => Relay(o) with { Session = o.Session with { Place = place } });
        var browser = await rig.LogInAsync();
        var first = (await browser.PageAsync("/")).Upstream["authorization"];

        rig.Clock.Advance(TimeSpan.FromSeconds(245));
        var second = (await browser.PageAsync("/")).Upstream["authorization"];

        Assert.NotEqual(first, second);
        Assert.Equal(second, (await browser.PageAsync("/")).Upstream["authorization"]);
        Assert.Equal(1, rig.Provider.Grants("refresh_token"));
    }

    [Fact]
    public async Task A_refresh_token_that_rotates_is_used_once_and_the_next_one_then()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        for (var i = 1; i <= 4; i++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(250));
            Assert.True((await browser.PageAsync("/")).Passed);
            Assert.Equal(i, rig.Provider.Grants("refresh_token"));
        }
    }

    [Fact]
    public async Task Requests_at_once_share_one_refresh()
    {
        await using var rig = await LoginRig.StartAsync(Relay);
        var browser = await rig.LogInAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(250));
        var gate = new TaskCompletionSource();
        rig.Provider.Gate = gate.Task;
        var cookies = browser.Cookies.ToList();
        var tabs = Enumerable.Range(0, 20).Select(_ =>
        {
            var tab = new Browser(rig.Filter);
            cookies.ForEach(cookie => tab.Cookies[cookie.Key] = cookie.Value);
            return tab;
        }).ToList();

        var coming = tabs.Select(tab => tab.PageAsync("/")).ToList();
        await Poll.UntilAsync(() => rig.Provider.Grants("refresh_token") == 1);
        gate.SetResult();
        var answers = await Task.WhenAll(coming);

        Assert.Single(answers.Select(answer => answer.Upstream["authorization"]).Distinct());
        Assert.Equal(1, rig.Provider.Grants("refresh_token"));

        // A request that was on its way with the old cookie.
        var late = new Browser(rig.Filter);
        cookies.ForEach(cookie => late.Cookies[cookie.Key] = cookie.Value);
        Assert.Equal(answers[0].Upstream["authorization"], (await late.PageAsync("/")).Upstream["authorization"]);
        Assert.Equal(1, rig.Provider.Grants("refresh_token"));
    }

    [Fact]
    public async Task A_response_with_a_new_cookie_is_kept_by_no_cache()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(250));

        var answer = await browser.PageAsync("/");

        Assert.Contains(browser.LastSetCookies, field => field.StartsWith("__Host-session=", StringComparison.Ordinal));
        Assert.Equal("private, no-cache", answer.CacheControl);
    }

    [Fact]
    public async Task While_the_provider_is_away_tokens_are_used_as_long_as_they_hold()
    {
        await using var rig = await LoginRig.StartAsync(Relay);
        var browser = await rig.LogInAsync();
        rig.Provider.Instead = path => path == "/token" ? UpstreamResponse.Create(503) : null;
        rig.Clock.Advance(TimeSpan.FromSeconds(250));
        Assert.True((await browser.PageAsync("/")).Passed);
        Assert.True((await browser.PageAsync("/")).Passed);
        Assert.Equal(1, rig.Provider.Grants("refresh_token"));

        rig.Clock.Advance(TimeSpan.FromSeconds(60));
        var answer = await browser.PageAsync("/");
        Assert.Equal((503, "login_provider_unavailable"), (answer.Status, answer.Reason));

        rig.Provider.Instead = null;
        rig.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task Sessions_go_on_for_a_while_with_tokens_that_have_ended_where_that_is_wanted()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Stale = TimeSpan.FromMinutes(10) });
        var browser = await rig.LogInAsync();
        rig.Provider.Instead = path => path == "/token" ? UpstreamResponse.CloseNow() : null;

        rig.Clock.Advance(TimeSpan.FromMinutes(14));
        Assert.True((await browser.PageAsync("/")).Passed);
        rig.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(503, (await browser.PageAsync("/")).Status);
    }

    [Fact]
    public async Task A_refresh_token_that_is_refused_ends_the_session_in_all_tabs()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var cookie = browser.Cookies["__Host-session"];
        rig.Provider.Instead = path => path == "/token" ? UpstreamResponse.Create(400, """{"error":"invalid_grant"}""") : null;
        rig.Clock.Advance(TimeSpan.FromSeconds(250));

        var answer = await browser.PageAsync("/");

        Assert.Equal((302, "login_required"), (answer.Status, answer.Reason));
        Assert.DoesNotContain("__Host-session", browser.Cookies.Keys);
        browser.Cookies["__Host-session"] = cookie;
        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_refresh_that_brings_another_user_ends_the_session()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        rig.Provider.Subject = "eve";
        rig.Clock.Advance(TimeSpan.FromSeconds(250));

        Assert.False((await browser.PageAsync("/")).Passed);
        Assert.Contains(rig.Context.LogLines, line => line.Contains("another user's", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_role_that_was_taken_away_is_gone_with_the_next_tokens()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Require = new() { Roles = ["admin"] } });
        var browser = await rig.LogInAsync();
        Assert.True((await browser.PageAsync("/")).Passed);
        rig.Provider.Claims["roles"] = new JsonArray("staff");
        rig.Clock.Advance(TimeSpan.FromSeconds(250));

        Assert.Equal(403, (await browser.PageAsync("/")).Status);
    }

    [Fact]
    public async Task A_short_life_is_not_refreshed_with_every_request()
    {
        await using var rig = await LoginRig.StartAsync();
        rig.Provider.ExpiresIn = 20;
        var browser = await rig.LogInAsync();
        for (var i = 0; i < 9; i++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True((await browser.PageAsync("/")).Passed);
        }

        Assert.Equal(0, rig.Provider.Grants("refresh_token"));
    }
}
