using System.Globalization;
using System.Net;
using FilterProxy.Filters.Rbac;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Rbac;

public sealed class RbacFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task What_no_policy_allows_is_refused()
    {
        using var exchange = TestExchange.Get("/b");
        var run = await exchange.RunAsync(Filter(Allow(new() { Path = ["/a"] })));
        Assert.Equal((FilterStatus.Stop, 403, "rbac_denied"), (run.Status, exchange.Status, exchange.Reason));
        Assert.Equal("Information: rbac_denied: GET /b of 192.0.2.1 is refused: no policy allows it.", Assert.Single(_context.LogLines));
    }

    [Fact]
    public async Task What_no_policy_fits_may_pass_where_that_is_said() =>
        Assert.True(await PassesAsync(new() { Policies = [Deny(new() { Path = ["/a"] })], AllowUnmatched = true }, TestExchange.Get("/b")));

    [Fact]
    public async Task A_policy_that_denies_counts_before_any_that_allows_whatever_their_order()
    {
        RbacPolicyOptions allow = Allow(new()), deny = Deny(new() { Path = ["/admin/*"] });
        foreach (var policies in new[] { new[] { allow, deny }, [deny, allow] })
        {
            using var exchange = TestExchange.Get("/admin/x");
            await exchange.RunAsync(new RbacFilter(new() { Policies = policies }, _context));
            Assert.Equal(("rbac_denied", "deny"), (exchange.Reason, exchange.Metadata["rbac", "policy"]));
            Assert.True(await PassesAsync(new() { Policies = policies }, TestExchange.Get("/administrator")));
        }

        Assert.Contains("policy 'deny' denies it", _context.LogLines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path", true)]
    [InlineData("path-other", false)]
    [InlineData("method", true)]
    [InlineData("method-other", false)]
    [InlineData("principal", true)]
    [InlineData("principal-other", false)]
    [InlineData("authenticated", true)]
    [InlineData("authenticated-not", false)]
    [InlineData("role", true)]
    [InlineData("role-other", false)]
    [InlineData("scopes", true)]
    [InlineData("scopes-more", false)]
    [InlineData("claim", true)]
    [InlineData("claim-any", true)]
    [InlineData("claim-other", false)]
    [InlineData("claim-none", false)]
    [InlineData("ip", true)]
    [InlineData("ip-other", false)]
    [InlineData("header", true)]
    [InlineData("header-any", true)]
    [InlineData("header-other", false)]
    [InlineData("header-none", false)]
    [InlineData("metadata", true)]
    [InlineData("metadata-other", false)]
    [InlineData("all", true)]
    [InlineData("all-but-one", false)]
    public async Task A_policy_fits_by_everything_it_says(string what, bool fits)
    {
        var match = what switch
        {
            "path" => new RbacMatchOptions { Path = ["/x", "/a/*"] },
            "path-other" => new() { Path = ["/a"] },
            "method" => new() { Methods = ["GET"] },
            "method-other" => new() { Methods = ["get"] },
            "principal" => new() { Principals = ["bob", "ada"] },
            "principal-other" => new() { Principals = ["Ada", ""] },
            "authenticated" => new() { Authenticated = true },
            "authenticated-not" => new() { Authenticated = false },
            "role" => new() { Roles = ["x", "admin"] },
            "role-other" => new() { Roles = ["admi"] },
            "scopes" => new() { Scopes = ["read", "write"] },
            "scopes-more" => new() { Scopes = ["read", "delete"] },
            "claim" => new() { Claims = Values("org", "acme") },
            "claim-any" => new() { Claims = Values("org") },
            "claim-other" => new() { Claims = Values("org", "acm") },
            "claim-none" => new() { Claims = Values("none") },
            "ip" => new() { Ip = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.0.2.0/24")] },
            "ip-other" => new() { Ip = [IPNetwork.Parse("10.0.0.0/8")] },
            "header" => new() { Headers = Values("X-Env", "prod") },
            "header-any" => new() { Headers = Values("x-env") },
            "header-other" => new() { Headers = Values("x-env", "test") },
            "header-none" => new() { Headers = Values("x-none") },
            "metadata" => new() { Metadata = Values("tenant:name", "acme") },
            "metadata-other" => new() { Metadata = Values("tenant:name", "other") },
            "all" => new() { Path = ["/a/*"], Roles = ["admin"], Ip = [IPNetwork.Parse("0.0.0.0/0")], Claims = Values("org", "acme") },
            _ => new() { Path = ["/a/*"], Roles = ["admin"], Ip = [IPNetwork.Parse("10.0.0.0/8")], Claims = Values("org", "acme") },
        };
        using var exchange = Asked();
        Assert.Equal(fits, await PassesAsync(new() { Policies = [Allow(match)] }, exchange));
    }

    [Fact]
    public async Task Nobody_has_no_name_no_role_and_no_claim()
    {
        foreach (var match in new RbacMatchOptions[] { new() { Principals = [""] }, new() { Roles = ["admin"] }, new() { Scopes = ["read"] }, new() { Claims = Values("sub") }, new() { Authenticated = true } })
        {
            Assert.False(await PassesAsync(new() { Policies = [Allow(match)] }, TestExchange.Get("/")));
        }

        Assert.True(await PassesAsync(new() { Policies = [Allow(new() { Authenticated = false })] }, TestExchange.Get("/")));
    }

    [Fact]
    public async Task An_exception_takes_requests_out_of_a_policy()
    {
        var policy = Deny(new() { Path = ["/admin/*"] }) with { Unless = new() { Roles = ["admin"], Ip = [IPNetwork.Parse("192.0.2.0/24")] } };
        Assert.True(await PassesAsync(new() { Policies = [policy], AllowUnmatched = true }, TestExchange.Get("/admin").WithUser(("roles", "admin"))));
        Assert.False(await PassesAsync(new() { Policies = [policy], AllowUnmatched = true }, TestExchange.Get("/admin").WithUser(("roles", "admin")).From("10.0.0.1")));
    }

    [Theory]
    [InlineData("2030-01-01T07:59:59Z", false)] // a Tuesday
    [InlineData("2030-01-01T08:00:00Z", true)]
    [InlineData("2030-01-01T17:59:59Z", true)]
    [InlineData("2030-01-01T18:00:00Z", false)]
    [InlineData("2030-01-05T12:00:00Z", false)] // a Saturday
    [InlineData("2030-01-04T23:30:00Z", false)]
    public async Task A_policy_may_hold_for_times_of_the_week(string now, bool fits)
    {
        var time = new RbacTimeOptions { From = "08:00", To = "18:00", Days = [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday] };
        Assert.Equal(fits, await PassesAtAsync(now, time));
    }

    [Theory]
    [InlineData("2030-01-04T23:00:00Z", true)] // the night from Friday
    [InlineData("2030-01-05T05:59:00Z", true)] // to Saturday
    [InlineData("2030-01-05T06:00:00Z", false)]
    [InlineData("2030-01-05T23:00:00Z", false)]
    [InlineData("2030-01-04T05:00:00Z", false)]
    public async Task A_night_belongs_to_the_day_it_begins_on(string now, bool fits) =>
        Assert.Equal(fits, await PassesAtAsync(now, new() { From = "22:00", To = "06:00", Days = [DayOfWeek.Friday] }));

    [Fact]
    public async Task A_shadow_policy_decides_nothing_and_is_counted()
    {
        var policies = new[] { Allow(new()), Deny(new() { Path = ["/old/*"] }) with { Shadow = true } };
        Assert.True(await PassesAsync(new() { Policies = policies }, TestExchange.Get("/old/x")));
        Assert.True(await PassesAsync(new() { Policies = policies }, TestExchange.Get("/new")));
        Assert.Equal((2, 1), (_context.Sum("filterproxy.rbac.decisions"), _context.Sum("filterproxy.rbac.shadow")));

        // One that would allow is counted where nothing else does.
        Assert.False(await PassesAsync(new() { Policies = [Allow(new()) with { Shadow = true }] }, TestExchange.Get("/")));
        Assert.Equal(2, _context.Sum("filterproxy.rbac.shadow"));
        Assert.False(await PassesAsync(new() { Policies = [Allow(new()) with { Shadow = true }, Deny(new())] }, TestExchange.Get("/")));
        Assert.Equal(2, _context.Sum("filterproxy.rbac.shadow"));
    }

    [Fact]
    public async Task All_of_it_may_be_shadow()
    {
        using var exchange = TestExchange.Get("/");
        Assert.True(await PassesAsync(new() { Policies = [Allow(new() { Path = ["/x"] })], Shadow = true }, exchange));
        Assert.Contains("rbac_shadow", Assert.Single(_context.LogLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_may_hide_that_something_is_there()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(new RbacFilter(new() { Policies = [Deny(new())], Status = 404 }, _context));
        Assert.Equal((404, "rbac_denied"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public void It_explains_which_policy_decides()
    {
        var filter = new RbacFilter(new() { Policies = [Allow(new() { Roles = ["admin"] }), Deny(new() { Path = ["/x"] }) with { Shadow = true }] }, _context);
        using var admin = TestExchange.Get("/x").WithUser(("roles", "admin"));
        using var other = TestExchange.Get("/x");
        Assert.Equal("allowed: policy 'allow'; shadow policy 'deny' would decide otherwise", filter.Explain(admin));
        Assert.Equal("refused with 403: no policy allows it", filter.Explain(other));
        Assert.Equal(0, _context.Sum("filterproxy.rbac.decisions"));
    }

    [Fact]
    public void Allocates_nothing()
    {
        var filter = new RbacFilter(
            new()
            {
                Policies =
                [
                    Deny(new() { Ip = [IPNetwork.Parse("10.0.0.0/8")] }),
                    Allow(new() { Path = ["/a/*"], Roles = ["admin"], Scopes = ["read"], Claims = Values("org", "acme"), Headers = Values("x-env", "prod"), Metadata = Values("tenant:name", "acme"), Time = new() }),
                ],
            },
            _context);
        using var exchange = Asked();
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
        Assert.Equal("allow", exchange.Metadata["rbac", "policy"]);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Refuses_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "policies: [ { name: read, when: { methods: [GET], ip: [127.0.0.0/8] } } ]", transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(200, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(403, (await client.RoundTripAsync("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("status: 403", "policies are missing")]
    [InlineData("policies: [ { effect: allow } ]", "name")]
    [InlineData("policies: [ { name: 'a b' } ]", "must be 1 to 64 letters")]
    [InlineData("policies: [ { name: a }, { name: a } ]", "the policy 'a' is there twice")]
    [InlineData("policies: [ { name: a, effect: permit } ]", "expected one of allow, deny")]
    [InlineData("policies: [ { name: a, when: { path: x } } ]", "'x' is no path")]
    [InlineData("policies: [ { name: a, when: { headers: { 'a b': [] } } } ]", "'a b' is no header name")]
    [InlineData("policies: [ { name: a, when: { metadata: { tenant: [] } } } ]", "'tenant' is no namespace and key")]
    [InlineData("policies: [ { name: a, when: { time: { from: 8 } } } ]", "'8' is no time")]
    [InlineData("policies: [ { name: a, when: { time: { from: '24:00' } } } ]", "from and to are the same")]
    [InlineData("policies: [ { name: a, unless: { time: { zone: Mars/Base } } } ]", "there is no time zone 'Mars/Base'")]
    [InlineData("policies: [ { name: a } ], status: 200", "must be between 400 and 599")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static RbacPolicyOptions Allow(RbacMatchOptions match) => new() { Name = "allow", When = match };

    private static RbacPolicyOptions Deny(RbacMatchOptions match) => new() { Name = "deny", Effect = RbacEffect.Deny, When = match };

    private static Dictionary<string, IReadOnlyList<string>> Values(string name, params string[] values) => new() { [name] = values };

    private static TestExchange Asked()
    {
        var exchange = TestExchange.Get("/a/b").WithHeader("x-env", "x").WithHeader("X-Env", "prod")
            .WithUser(("sub", "ada"), ("roles", "dev"), ("roles", "admin"), ("scope", "read write"), ("org", "acme"));
        exchange.Metadata["tenant", "name"] = "acme";
        return exchange;
    }

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ rbac: {{ {options} }} }} ] }}", components: typeof(RbacFilter));

    private RbacFilter Filter(params RbacPolicyOptions[] policies) => new(new() { Policies = policies }, _context);

    private async Task<bool> PassesAtAsync(string now, RbacTimeOptions time)
    {
        var clock = new FakeTimeProvider();
        clock.SetWallClock(DateTimeOffset.Parse(now, CultureInfo.InvariantCulture) - clock.GetUtcNow());
        _context.Clock = clock;
        using var exchange = TestExchange.Get("/");
        return await PassesAsync(new() { Policies = [Allow(new() { Time = time })] }, exchange);
    }

    private async Task<bool> PassesAsync(RbacOptions options, TestExchange exchange) =>
        (await exchange.RunAsync(new RbacFilter(options, _context))).Upstream is not null;
}
