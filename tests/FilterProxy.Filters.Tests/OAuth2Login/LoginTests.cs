using FilterProxy.Filters.OAuth2Login;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>People who log in, and requests with and without a session.</summary>
public sealed class LoginTests
{
    [Fact]
    public async Task A_login_leads_back_to_the_page_that_was_wanted()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);

        var done = await rig.LogInAsync(browser, "/reports/7?year=2030&x=%2F");

        Assert.Equal((303, "/reports/7?year=2030&x=%2F", "no-store"), (done.Status, done.Location, done.CacheControl));
        Assert.True((await browser.PageAsync("/reports/7")).Passed);
    }

    [Fact]
    public async Task A_session_names_its_user_to_other_filters()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();

        var answer = await browser.PageAsync("/");

        Assert.Equal("ada", answer.User!.FindFirst("sub")!.Value);
        Assert.True(answer.User.IsInRole("admin"));
        Assert.True(answer.User.HasClaim("scope", "profile"));
    }

    [Fact]
    public async Task The_cookie_of_a_session_is_this_hosts_alone()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();

        var field = browser.LastSetCookies.Single(cookie => cookie.StartsWith("__Host-session=", StringComparison.Ordinal));

        Assert.EndsWith("; Path=/; Secure; HttpOnly; SameSite=Lax", field);
    }

    [Fact]
    public async Task Upstreams_get_the_token_and_claims_and_nothing_a_client_says_in_their_place()
    {
        await using var rig = await LoginRig.StartAsync(o => o with
        {
            Relay = TokenRelay.AccessToken,
            ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub", ["x-user-roles"] = "roles", ["x-missing"] = "nothing" },
        });
        rig.Provider.Claims["roles"] = new System.Text.Json.Nodes.JsonArray("admin", "a,b", "ключ%");
        var browser = await rig.LogInAsync();

        var answer = await browser.PageAsync(
            "/", ("authorization", "Bearer forged"), ("X-User", "root"), ("x_user_roles", "root"), ("X-User_Roles", "root"), ("x-missing", "root"));

        Assert.StartsWith("Bearer access-", answer.Upstream["authorization"]);
        Assert.Equal(("ada", "admin,a%2Cb,%D0%BA%D0%BB%D1%8E%D1%87%25"), (answer.Upstream["x-user"], answer.Upstream["x-user-roles"]));
        Assert.DoesNotContain(answer.Upstream.Values, value => value.Contains("root", StringComparison.Ordinal) || value.Contains("forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Anonymous_requests_that_may_pass_bring_no_identity_along()
    {
        await using var rig = await LoginRig.StartAsync(o => o with
        {
            Anonymous = AnonymousAction.Pass,
            Relay = TokenRelay.AccessToken,
            ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub" },
        });

        var answer = await new Browser(rig.Filter).PageAsync("/", ("x-user", "root"), ("authorization", "Bearer forged"));

        Assert.True(answer.Passed);
        Assert.Null(answer.User);
        Assert.False(answer.Upstream.ContainsKey("x-user") || answer.Upstream.ContainsKey("authorization"));
    }

    [Fact]
    public async Task Upstreams_get_other_cookies_but_not_the_sessions()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        browser.Cookies["theme"] = "dark";
        browser.Cookies["__Host-session-login-abcdefgh"] = "x";
        browser.Cookies["__Host-sessions"] = "another's";

        var answer = await browser.PageAsync("/");

        Assert.Equal("theme=dark; __Host-sessions=another's", answer.Upstream["cookie"]);
    }

    [Theory]
    [InlineData("GET", "/data", "accept: application/json")]
    [InlineData("GET", "/data", "accept: */*")]
    [InlineData("GET", "/data", "")]
    [InlineData("POST", "/form", "accept: text/html")]
    [InlineData("GET", "/api/x", "accept: text/html")]
    [InlineData("GET", "/api", "accept: text/html")]
    [InlineData("GET", "/data", "accept: text/html|x-requested-with: XMLHttpRequest")]
    [InlineData("GET", "/data", "accept: text/html|sec-fetch-mode: cors")]
    [InlineData("GET", "/socket", "accept: text/html|upgrade: websocket")]
    public async Task What_is_no_page_gets_401_as_json(string method, string target, string headers)
    {
        await using var rig = await LoginRig.StartAsync(o => o with { ApiPaths = ["/api/*"] });

        var fields = headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(h => h.Split(": ")).Select(h => (h[0], h[1])).ToArray();
        var answer = await new Browser(rig.Filter).SendAsync(method, target, fields);

        Assert.Equal((401, "login_required"), (answer.Status, answer.Reason));
        Assert.Equal("""{"error":"login_required","reason":"login_required","login":"/oauth2/login"}""" + "\n", answer.Body);
    }

    [Fact]
    public async Task A_role_that_is_required_lets_in_who_has_it_and_nobody_else()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var staff = new Browser(await rig.AddFilterAsync(o => o with { Require = new() { Roles = ["owner", "staff"], Scopes = ["profile"] } }));
        var owners = new Browser(await rig.AddFilterAsync(o => o with { Require = new() { Roles = ["owner"] } }));
        var others = new Browser(await rig.AddFilterAsync(o => o with { Require = new() { Claims = new Dictionary<string, IReadOnlyList<string>> { ["email"] = ["eve@example.com"] } } }));
        foreach (var (name, value) in browser.Cookies)
        {
            staff.Cookies[name] = owners.Cookies[name] = others.Cookies[name] = value;
        }

        Assert.True((await staff.PageAsync("/")).Passed);
        Assert.Equal((403, "login_forbidden"), await ReasonAsync(owners));
        Assert.Equal((403, "login_forbidden"), await ReasonAsync(others));

        static async Task<(int, string)> ReasonAsync(Browser browser)
        {
            var answer = await browser.PageAsync("/");
            return (answer.Status, answer.Reason);
        }
    }

    [Fact]
    public async Task Userinfo_adds_claims_of_the_same_user_alone()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Userinfo = true });
        var browser = await rig.LogInAsync();
        Assert.True((await browser.PageAsync("/")).User!.HasClaim("department", "engines"));

        rig.Provider.UserinfoSubject = "eve";
        var answer = await rig.LogInAsync(new Browser(rig.Filter));

        Assert.Equal((502, "login_userinfo_denied"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task Strict_cookies_are_set_by_a_page_that_goes_on_by_itself()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { SameSite = SameSitePolicy.Strict } });

        var answer = await rig.LogInAsync(new Browser(rig.Filter), "/a?x='\"><script>".Replace("\"", "%22", StringComparison.Ordinal).Replace("<", "%3C", StringComparison.Ordinal).Replace(">", "%3E", StringComparison.Ordinal));

        Assert.Equal(200, answer.Status);
        Assert.Contains("content=\"0;url='/a?x=&#39;%22%3E%3Cscript%3E'\"", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_in_memory_show_the_client_nothing_but_a_name()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Place = SessionPlace.Memory } });
        var browser = await rig.LogInAsync();

        Assert.Equal(33, browser.Cookies["__Host-session"].Length);
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_large_session_takes_several_cookies_and_gives_back_those_it_needs_no_more()
    {
        await using var rig = await LoginRig.StartAsync();
        rig.Provider.Claims["groups"] = string.Concat(Enumerable.Range(0, 800).Select(i => $"group-{i},"));
        var browser = await rig.LogInAsync();
        Assert.True(browser.Cookies.ContainsKey("__Host-session.1"));
        Assert.All(browser.Cookies, cookie => Assert.InRange(cookie.Key.Length + cookie.Value.Length, 1, 4000));
        Assert.True((await browser.PageAsync("/")).Passed);

        rig.Provider.Claims["groups"] = "one";
        rig.Clock.Advance(TimeSpan.FromSeconds(250));
        Assert.True((await browser.PageAsync("/")).Passed);

        Assert.Equal(["__Host-session"], browser.Cookies.Keys);
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_session_beyond_its_cookies_is_refused_with_advice()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { MaxCookies = 1 } });
        rig.Provider.Claims["groups"] = new string('g', 5000);

        var answer = await rig.LogInAsync(new Browser(rig.Filter));

        Assert.Equal((500, "login_session_too_large"), (answer.Status, answer.Reason));
        Assert.Contains(rig.Context.LogLines, line => line.Contains("raise max_cookies", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_provider_may_be_away_at_the_start_and_logins_wait_for_it()
    {
        await using var rig = await LoginRig.StartAsync(lie: provider => provider.Instead = _ => UpstreamResponse.Create(503));
        var browser = new Browser(rig.Filter);
        await Poll.UntilAsync(() => rig.Context.LogLines.Any(line => line.Contains("does not say what it is", StringComparison.Ordinal)));
        var answer = await browser.PageAsync("/");
        Assert.Equal((503, "login_provider_unavailable"), (answer.Status, answer.Reason));

        rig.Provider.Instead = null;
        await Poll.UntilAsync(async () =>
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(10));
            return (await browser.PageAsync("/")).Status == 302;
        });
    }

    [Fact]
    public async Task Operators_end_all_sessions_of_a_user()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();

        var outcome = await rig.Filter.RunAsync("end_sessions", new Dictionary<string, string> { ["subject"] = "ada" }, default);

        Assert.True(outcome.IsDone);
        Assert.Equal(302, (await browser.PageAsync("/")).Status);
    }

    [Fact]
    public async Task Explains_what_becomes_of_a_request()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Require = new() { Roles = ["admin", "owner"] } });
        using var page = TestExchange.Get("/").WithHeader("accept", "text/html");
        using var data = TestExchange.Get("/");
        using var callback = TestExchange.Get("/oauth2/callback");

        Assert.Equal(
            $"without a session it is sent to log in at {rig.Provider.Issuer}; with one it passes if it has one of the roles admin, owner, else it gets 403", rig.Filter.Explain(page));
        Assert.StartsWith("without a session it gets 401", rig.Filter.Explain(data));
        Assert.Equal("answers it itself", rig.Filter.Explain(callback));
    }
}
