using System.Text.Json.Nodes;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Browsers that come back with what they should not have, and providers that lie.</summary>
public sealed class CallbackTests
{
    [Fact]
    public async Task Who_did_not_begin_a_login_cannot_end_it()
    {
        await using var rig = await LoginRig.StartAsync();
        var attacker = new Browser(rig.Filter);
        var query = rig.Provider.Authorize((await attacker.PageAsync("/")).Location!);

        var victim = await new Browser(rig.Filter).PageAsync("/oauth2/callback?" + query);

        Assert.Equal((400, "login_state_denied"), (victim.Status, victim.Reason));
        Assert.Equal(0, rig.Provider.Grants("authorization_code"));
    }

    [Fact]
    public async Task The_cookie_of_one_login_does_not_fit_the_state_of_another()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        await browser.PageAsync("/");
        var own = browser.Cookies.Single();
        var other = new Browser(rig.Filter);
        var query = rig.Provider.Authorize((await other.PageAsync("/")).Location!);
        browser.Cookies.Clear();
        browser.Cookies[other.Cookies.Single().Key] = own.Value;

        var answer = await browser.PageAsync("/oauth2/callback?" + query);

        Assert.Equal("login_state_denied", answer.Reason);
    }

    [Fact]
    public async Task A_callback_counts_once_even_if_its_cookie_is_kept()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        var callback = "/oauth2/callback?" + rig.Provider.Authorize((await browser.PageAsync("/")).Location!);
        var cookie = browser.Cookies.Single();
        Assert.Equal(303, (await browser.PageAsync(callback)).Status);
        Assert.DoesNotContain(cookie.Key, browser.Cookies.Keys);
        browser.Cookies[cookie.Key] = cookie.Value;

        var again = await browser.PageAsync(callback);

        Assert.Equal((400, "login_state_denied"), (again.Status, again.Reason));
        Assert.Equal(1, rig.Provider.Grants("authorization_code"));
    }

    [Fact]
    public async Task A_code_that_was_used_before_logs_nobody_in()
    {
        await using var rig = await LoginRig.StartAsync();
        var first = new Browser(rig.Filter);
        var query = rig.Provider.Authorize((await first.PageAsync("/")).Location!);
        await first.PageAsync("/oauth2/callback?" + query);
        var code = query.Split('&').Single(field => field.StartsWith("code=", StringComparison.Ordinal));
        var second = new Browser(rig.Filter);
        var own = rig.Provider.Authorize((await second.PageAsync("/")).Location!);

        var answer = await second.PageAsync("/oauth2/callback?" + string.Join('&', own.Split('&').Where(f => !f.StartsWith("code=", StringComparison.Ordinal)).Append(code)));

        Assert.Equal((400, "login_code_denied"), (answer.Status, answer.Reason));
        Assert.Empty(second.Cookies);
    }

    [Theory]
    [InlineData("iss=https%3A%2F%2Fevil.example", "login_issuer_denied")]
    [InlineData("", "login_issuer_denied")]
    public async Task An_answer_of_another_provider_is_not_taken_for_this_ones(string issuer, string reason)
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        var query = rig.Provider.Authorize((await browser.PageAsync("/")).Location!);

        var answer = await browser.PageAsync("/oauth2/callback?" + string.Join('&', query.Split('&').Where(f => !f.StartsWith("iss=", StringComparison.Ordinal)).Append(issuer)));

        Assert.Equal((400, reason), (answer.Status, answer.Reason));
        Assert.Equal(0, rig.Provider.Grants("authorization_code"));
    }

    [Theory]
    [InlineData("{0}&code=second", 400, "login_bad_callback")]
    [InlineData("{0}&state=second", 400, "login_bad_callback")]
    [InlineData("state={1}&iss={2}", 400, "login_bad_callback")]
    [InlineData("state={1}&iss={2}&error=access_denied", 403, "login_denied")]
    [InlineData("state={1}x&code=c&iss={2}", 400, "login_state_denied")]
    [InlineData("state=%00%ff%0d%0aset-cookie:x&code=c", 400, "login_state_denied")]
    [InlineData("code=c", 400, "login_state_denied")]
    [InlineData("", 400, "login_state_denied")]
    public async Task Parameters_that_are_not_as_they_should_be_are_refused(string query, int status, string reason)
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        var good = rig.Provider.Authorize((await browser.PageAsync("/")).Location!);
        var state = System.Web.HttpUtility.ParseQueryString(good)["state"];

        var answer = await browser.PageAsync("/oauth2/callback?" + string.Format(query, good, state, Uri.EscapeDataString(rig.Provider.Issuer)));

        Assert.Equal((status, reason), (answer.Status, answer.Reason));
        Assert.DoesNotContain("__Host-session", browser.Cookies.Keys);
    }

    [Fact]
    public async Task A_login_that_takes_too_long_begins_anew()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        var query = rig.Provider.Authorize((await browser.PageAsync("/")).Location!);
        rig.Clock.Advance(TimeSpan.FromMinutes(16));

        Assert.Equal("login_state_denied", (await browser.PageAsync("/oauth2/callback?" + query)).Reason);
    }

    public static TheoryData<string, string> Lies => new()
    {
        { "nonce", "nonce is another" },
        { "no nonce", "nonce is another" },
        { "issuer", "issuer is" },
        { "audience", "another audience" },
        { "two audiences", "azp" },
        { "azp", "azp" },
        { "expired", "it ended" },
        { "no exp", "no exp" },
        { "no sub", "names nobody" },
        { "at_hash", "at_hash" },
        { "other key", "signature" },
        { "none", "no algorithm" },
        { "hs256", "which is not allowed" },
        { "crit", "crit" },
        { "logout token", "its type is" },
        { "no id token", "no ID token" },
        { "garbage", "cannot be believed" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task An_id_token_that_is_not_what_it_should_be_logs_nobody_in(string lie, string said)
    {
        await using var rig = await LoginRig.StartAsync();
        Tell(rig.Provider, lie);

        var browser = new Browser(rig.Filter);
        var answer = await rig.LogInAsync(browser);

        Assert.Equal((502, "login_id_token_denied"), (answer.Status, answer.Reason));
        Assert.Empty(browser.Cookies);
        Assert.Contains(rig.Context.LogLines, line => line.Contains("login_id_token_denied", StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mac")]
    [InlineData("token with a line end")]
    [InlineData("no token")]
    public async Task Tokens_that_cannot_be_used_log_nobody_in(string lie)
    {
        await using var rig = await LoginRig.StartAsync();
        rig.Provider.LieInAnswer = answer =>
        {
            _ = lie switch
            {
                "mac" => answer["token_type"] = "mac",
                "no token" => answer["access_token"] = null,
                _ => answer["access_token"] = "a\r\nx-admin: 1",
            };
        };

        var answer = await rig.LogInAsync(new Browser(rig.Filter));

        Assert.Equal((503, "login_provider_failed"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task Neither_the_log_nor_the_answer_holds_a_secret()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var secrets = browser.Cookies.Values.ToList();
        foreach (var lie in Lies.Select(row => (string)row[0]))
        {
            Tell(rig.Provider, lie);
            var other = new Browser(rig.Filter);
            var begun = await other.PageAsync("/");
            var query = rig.Provider.Authorize(begun.Location!);
            secrets.AddRange(System.Web.HttpUtility.ParseQueryString(query).Get("code")!, System.Web.HttpUtility.ParseQueryString(query).Get("state")!);
            var answer = await other.PageAsync("/oauth2/callback?" + query);
            Assert.DoesNotContain(secrets, secret => answer.Body.Contains(secret, StringComparison.Ordinal));
        }

        var log = string.Join('\n', rig.Context.LogLines);
        Assert.DoesNotContain([.. secrets, "access-", "refresh-", FakeProvider.Secret, LoginRig.Key], secret => log.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_browser_that_begins_login_after_login_keeps_few_cookies_of_it()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        for (var i = 0; i < 12; i++)
        {
            await browser.PageAsync("/");
            Assert.InRange(browser.Cookies.Count, 1, 4);
        }
    }

    [Theory]
    [InlineData("issuer")]
    [InlineData("pkce")]
    [InlineData("plain http")]
    [InlineData("no token endpoint")]
    public async Task A_description_that_lies_or_lacks_something_logs_nobody_in(string lie)
    {
        await using var rig = await LoginRig.StartAsync(lie: provider => provider.LieInMetadata = metadata =>
        {
            _ = lie switch
            {
                "issuer" => metadata["issuer"] = "https://evil.example",
                "pkce" => metadata["code_challenge_methods_supported"] = new JsonArray("plain"),
                "plain http" => metadata["token_endpoint"] = "http://evil.example/token",
                _ => metadata["token_endpoint"] = null,
            };
        });

        var answer = await new Browser(rig.Filter).PageAsync("/");

        Assert.Equal((503, "login_provider_unavailable"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_in_time_gives_503()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        var query = rig.Provider.Authorize((await browser.PageAsync("/")).Location!);
        var gate = new TaskCompletionSource();
        rig.Provider.Gate = gate.Task;

        var coming = browser.PageAsync("/oauth2/callback?" + query);
        await Poll.UntilAsync(() => rig.Provider.Grants("authorization_code") == 1);
        rig.Clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal((503, "login_provider_failed"), ((await coming).Status, (await coming).Reason));
        gate.SetResult();
    }

    private static void Tell(FakeProvider provider, string lie)
    {
        provider.LieInIdToken = claims =>
        {
            _ = lie switch
            {
                "nonce" => claims["nonce"] = "another",
                "no nonce" => claims.Remove("nonce") ? claims : claims,
                "issuer" => claims["iss"] = "https://evil.example",
                "audience" => claims["aud"] = "another",
                "two audiences" => claims["aud"] = new JsonArray(FakeProvider.ClientId, "another"),
                "azp" => claims["azp"] = "another",
                "expired" => claims["exp"] = provider.Now - 3600,
                "no exp" => claims.Remove("exp") ? claims : claims,
                "no sub" => claims.Remove("sub") ? claims : claims,
                "at_hash" => claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA",
                _ => claims,
            };
        };
        provider.LieInHeader = header =>
        {
            _ = lie switch
            {
                "none" => header["alg"] = "none",
                "hs256" => header["alg"] = "HS256",
                "crit" => header["crit"] = new JsonArray("exp"),
                "logout token" => header["typ"] = "logout+jwt",
                _ => header,
            };
        };
        provider.LieInAnswer = answer =>
        {
            _ = lie switch
            {
                "no id token" => answer["id_token"] = null,
                "garbage" => answer["id_token"] = "a.b.c",
                _ => answer,
            };
        };
        provider.SignsWithOtherKey = lie == "other key";
    }
}
