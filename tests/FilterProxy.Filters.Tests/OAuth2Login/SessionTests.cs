using FilterProxy.Filters.OAuth2Login;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Cookies that were changed, keys that were, and sessions that grow old.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task No_changed_cookie_is_a_session()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var good = browser.Cookies["__Host-session"];
        var random = new Random(20262);
        for (var i = 0; i < 200; i++)
        {
            var bad = good.ToCharArray();
            var at = i == 0 ? 0 : random.Next(bad.Length);
            bad[at] = bad[at] == 'A' ? 'B' : 'A';
            browser.Cookies["__Host-session"] = new string(bad);
            Assert.False((await browser.PageAsync("/")).Passed, $"the byte {at} was changed");
        }

        foreach (var bad in new[] { "", "1", "0", "9" + good[1..], good[..^1], good + "A", good + "==", good[..40], "1" + new string('A', 3000), "%00", "\"" + good + "\"" })
        {
            browser.Cookies["__Host-session"] = bad;
            Assert.False((await browser.PageAsync("/")).Passed, bad);
        }

        browser.Cookies["__Host-session"] = good;
        Assert.True((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task Pieces_of_two_sessions_are_none()
    {
        await using var rig = await LoginRig.StartAsync();
        rig.Provider.Claims["groups"] = new string('g', 5000);
        var first = await rig.LogInAsync();
        var second = await rig.LogInAsync();
        var missing = new Browser(rig.Filter);
        missing.Cookies["__Host-session"] = first.Cookies["__Host-session"];

        Assert.False((await missing.PageAsync("/")).Passed);
        first.Cookies["__Host-session.1"] = second.Cookies["__Host-session.1"];
        Assert.False((await first.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_login_that_is_under_way_is_no_session()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = new Browser(rig.Filter);
        await browser.PageAsync("/");

        browser.Cookies["__Host-session"] = "1" + browser.Cookies.Values.Single();

        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Theory]
    [InlineData("client")]
    [InlineData("key")]
    public async Task A_cookie_sealed_for_another_client_or_by_another_key_is_none(string other)
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var second = new Browser(await rig.AddFilterAsync(o => other == "client"
            ? o with { ClientId = "another" }
            : o with { Session = o.Session with { Keys = ["another key, of thirty-two characters or more"] } }));
        second.Cookies["__Host-session"] = browser.Cookies["__Host-session"];

        Assert.False((await second.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task Keys_rotate_without_a_logout_and_a_key_that_is_gone_opens_nothing()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        const string next = "fedcba9876543210fedcba9876543210-next";

        var both = new Browser(await rig.AddFilterAsync(o => o with { Session = o.Session with { Keys = [next, LoginRig.Key] } }));
        both.Cookies["__Host-session"] = browser.Cookies["__Host-session"];
        Assert.True((await both.PageAsync("/")).Passed);

        var only = new Browser(await rig.AddFilterAsync(o => o with { Session = o.Session with { Keys = [next] } }));
        only.Cookies["__Host-session"] = browser.Cookies["__Host-session"];
        Assert.False((await only.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task Another_process_with_the_same_keys_knows_the_session()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        using var context = new TestComponentContext { Clock = rig.Clock };
        var other = new Browser(await rig.AddFilterAsync(context: context));
        other.Cookies["__Host-session"] = browser.Cookies["__Host-session"];

        Assert.True((await other.PageAsync("/")).Passed);
    }

    [Theory]
    [InlineData(SessionPlace.Cookie)]
    [InlineData(SessionPlace.Memory)]
    public async Task A_session_ends_after_its_lifetime_however_busy_it_is(SessionPlace place)
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Place = place, Lifetime = TimeSpan.FromHours(2), OutlivesToken = true } });
        rig.Provider.GivesRefreshTokens = false;
        var browser = await rig.LogInAsync();
        for (var minutes = 0; minutes < 110; minutes += 10)
        {
            rig.Clock.Advance(TimeSpan.FromMinutes(10));
            Assert.True((await browser.PageAsync("/")).Passed, $"after {minutes} minutes");
        }

        rig.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Theory]
    [InlineData(SessionPlace.Cookie)]
    [InlineData(SessionPlace.Memory)]
    public async Task A_session_that_nobody_uses_ends(SessionPlace place)
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Place = place, Idle = TimeSpan.FromMinutes(20), OutlivesToken = true } });
        rig.Provider.GivesRefreshTokens = false;
        var browser = await rig.LogInAsync();
        rig.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.True((await browser.PageAsync("/")).Passed);
        rig.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.True((await browser.PageAsync("/")).Passed);

        rig.Clock.Advance(TimeSpan.FromMinutes(21));

        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_makes_no_session_live_longer()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Lifetime = TimeSpan.FromHours(2), Idle = TimeSpan.Zero, OutlivesToken = true } });
        rig.Provider.GivesRefreshTokens = false;

        // The provider has been heard: a clock that moves before would end its call.
        await rig.LogInAsync();
        rig.Clock.Advance(TimeSpan.FromHours(5));
        var browser = await rig.LogInAsync();
        Assert.True((await browser.PageAsync("/")).Passed);
        rig.Clock.Advance(TimeSpan.FromMinutes(90));

        rig.Clock.SetWallClock(TimeSpan.FromMinutes(-89));
        Assert.True((await browser.PageAsync("/")).Passed);
        rig.Clock.Advance(TimeSpan.FromMinutes(31));

        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_session_from_the_future_is_none()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();

        rig.Clock.SetWallClock(TimeSpan.FromHours(-1));

        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_session_without_a_refresh_token_ends_with_its_access_token()
    {
        await using var rig = await LoginRig.StartAsync();
        rig.Provider.GivesRefreshTokens = false;
        var browser = await rig.LogInAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(299));
        Assert.True((await browser.PageAsync("/")).Passed);

        rig.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task A_login_gives_a_new_session_and_ends_the_one_before()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Place = SessionPlace.Memory } });
        var browser = await rig.LogInAsync();
        var before = browser.Cookies["__Host-session"];
        var begun = await browser.PageAsync("/oauth2/login?return_to=%2Fagain");

        await browser.PageAsync("/oauth2/callback?" + rig.Provider.Authorize(begun.Location!));

        Assert.NotEqual(before, browser.Cookies["__Host-session"]);
        browser.Cookies["__Host-session"] = before;
        Assert.False((await browser.PageAsync("/")).Passed);
    }

    [Fact]
    public async Task Memory_holds_no_more_sessions_than_it_may_and_those_in_use_stay()
    {
        await using var rig = await LoginRig.StartAsync(o => o with { Session = o.Session with { Place = SessionPlace.Memory, Max = 16 } });
        var first = await rig.LogInAsync();
        for (var i = 0; i < 40; i++)
        {
            await rig.LogInAsync();
            Assert.True((await first.PageAsync("/")).Passed);
        }

        using var json = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(json))
        {
            rig.Filter.WriteView(writer);
        }

        using var view = System.Text.Json.JsonDocument.Parse(json.ToArray());
        Assert.InRange(view.RootElement.GetProperty("sessions_in_memory").GetInt32(), 1, 16);
    }

    [Fact]
    public async Task Checking_a_session_that_was_seen_before_allocates_nothing()
    {
        await using var rig = await LoginRig.StartAsync(o => o with
        {
            Relay = TokenRelay.AccessToken,
            ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub" },
            Require = new() { Roles = ["admin"] },
        });
        rig.Provider.Claims["groups"] = new string('g', 5000);
        var browser = await rig.LogInAsync();
        var cookies = string.Join("; ", browser.Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"));

        // Every edit appends to a head block, which grows when it is full: the large field makes room for all rounds.
        using var exchange = TestExchange.Get("/").WithHeader("cookie", cookies).WithHeader("x-room", new string('x', 1 << 20));
        Assert.Equal(FilterStatus.Continue, await rig.Filter.OnRequestAsync(exchange));

        Assert.Equal(0, Allocations.Of(() => Assert.True(rig.Filter.OnRequestAsync(exchange) is { IsCompletedSuccessfully: true, Result: FilterStatus.Continue })));
    }

    [Fact]
    public async Task Opening_a_cookie_allocates_at_most_thirty_two_times_its_size()
    {
        await using var rig = await LoginRig.StartAsync();
        var browser = await rig.LogInAsync();
        var value = browser.Cookies["__Host-session"];
        var filters = new Queue<OAuth2LoginFilter>();
        for (var i = 0; i < 8; i++)
        {
            // Without state in common, each opens the cookie for the first time.
            filters.Enqueue(await rig.AddFilterAsync(context: new TestComponentContext { Clock = rig.Clock }));
        }

        var least = long.MaxValue;
        while (filters.TryDequeue(out var filter))
        {
            using var exchange = TestExchange.Get("/").WithHeader("cookie", "__Host-session=" + value);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var opened = filter.OnRequestAsync(exchange);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(FilterStatus.Continue, await opened);
        }

        Assert.InRange(least, 1, 32 * value.Length);
    }
}
