using System.Text.Json;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.RateLimit;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.RateLimit;

/// <summary>The filter on its own: whom it counts, what that costs, what it says.</summary>
public sealed class RateLimitFilterTests
{
    [Fact]
    public async Task Clients_are_told_apart_by_their_address()
    {
        using var rig = new Rig(new LimitOptions { Rate = 2 });

        Assert.Equal((int[])[0, 0, 429], await rig.AskAsync("192.0.2.1", 3));
        Assert.Equal((int[])[0, 0, 429], await rig.AskAsync("192.0.2.2", 3));
        Assert.Equal((int[])[429], await rig.AskAsync("::ffff:192.0.2.1", 1));
        Assert.Equal(3, rig.Context.Sum("filterproxy.rate_limit.requests"));
    }

    [Fact]
    public async Task An_IPv6_client_has_a_whole_network()
    {
        using var rig = new Rig(new LimitOptions { Rate = 2, Ipv4Prefix = 24 });

        Assert.Equal((int[])[0, 0], await rig.AskAsync("2001:db8::1", 2));
        Assert.Equal((int[])[429], await rig.AskAsync("2001:db8::ffff:2", 1));
        Assert.Equal((int[])[0], await rig.AskAsync("2001:db8:0:1::1", 1));
        Assert.Equal((int[])[0, 0], await rig.AskAsync("192.0.2.1", 2));
        Assert.Equal((int[])[429], await rig.AskAsync("192.0.2.200", 1));

        using var narrow = new Rig(new LimitOptions { Rate = 1, Ipv6Prefix = 128 });
        Assert.Equal((int[])[0], await narrow.AskAsync("2001:db8::1", 1));
        Assert.Equal((int[])[0], await narrow.AskAsync("2001:db8::2", 1));
    }

    [Theory]
    [InlineData("%REQ(x-api-key)%", "x-api-key", "one", "two")]
    [InlineData("%COOKIE(sid)%", "cookie", "a=b; sid=one", "sid=two")]
    [InlineData("%QUERY_PARAM(k)%", null, "/?k=1", "/?k=2")]
    [InlineData("%PATH%", null, "/a", "/b")]
    [InlineData("%HOST%:%METHOD%", "host", "a.example", "b.example")]
    public async Task Anything_of_a_request_can_be_the_key(string template, string? header, string first, string second)
    {
        using var rig = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse(template) });

        Assert.Equal((int[])[0, 429, 0, 429], await rig.RunAsync(Make(first), Make(first), Make(second), Make(second)));

        TestExchange Make(string value) => header switch
        {
            null => TestExchange.Get(value),
            "host" => TestExchange.Get("/").WithHost(value),
            _ => TestExchange.Get("/").WithHeader(header, value),
        };
    }

    [Fact]
    public async Task A_claim_a_route_and_a_tenant_can_be_the_key()
    {
        using var claim = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse("%CLAIM(sub)%") });
        using var route = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse("%ROUTE_NAME%") });
        using var tenant = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse("%DYNAMIC_METADATA(tenant:name)%") });

        Assert.Equal((int[])[0, 429, 0], await claim.RunAsync(User("ada"), User("ada"), User("bob")));
        Assert.Equal((int[])[0, 429, 0], await route.RunAsync(TestExchange.Get("/").WithRoute("a"), TestExchange.Get("/").WithRoute("a"), TestExchange.Get("/").WithRoute("b")));
        Assert.Equal((int[])[0, 429, 0], await tenant.RunAsync(Tenant("a"), Tenant("a"), Tenant("b")));

        static TestExchange User(string name) => TestExchange.Get("/").WithUser(("sub", name));

        static TestExchange Tenant(string name)
        {
            var exchange = TestExchange.Get("/");
            exchange.Metadata["tenant", "name"] = name;
            return exchange;
        }
    }

    [Fact]
    public async Task The_address_can_belong_to_a_key()
    {
        using var rig = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse("%PATH%"), WithAddress = true });

        Assert.Equal((int[])[0, 0, 0, 429], await rig.RunAsync(
            TestExchange.Get("/a").From("192.0.2.1"), TestExchange.Get("/a").From("192.0.2.2"), TestExchange.Get("/b").From("192.0.2.1"), TestExchange.Get("/a").From("192.0.2.1")));
    }

    [Theory]
    [InlineData(MissingKey.Address, new[] { 0, 0, 429, 429 })]
    [InlineData(MissingKey.Shared, new[] { 0, 429, 429, 429 })]
    [InlineData(MissingKey.Skip, new[] { 0, 0, 0, 0 })]
    public async Task Who_has_no_key_or_an_empty_one_is_counted_as_the_options_say(MissingKey missing, int[] expected)
    {
        using var rig = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse("%REQ(x-key)%"), Missing = missing });

        Assert.Equal(expected, await rig.RunAsync(
            TestExchange.Get("/").From("192.0.2.1"), TestExchange.Get("/").From("192.0.2.2"),
            TestExchange.Get("/").From("192.0.2.1").WithHeader("x-key", ""), TestExchange.Get("/").From("192.0.2.2").WithHeader("x-key", "")));
    }

    [Fact]
    public async Task Keys_of_a_megabyte_are_told_apart_and_not_kept()
    {
        using var rig = new Rig(new LimitOptions { Rate = 1, Key = Template.Parse("%REQ(x-key)%") });
        var (one, two) = (new string('a', 1 << 20), new string('a', (1 << 20) - 1) + "b");

        Assert.Equal((int[])[0, 429, 0, 429], await rig.RunAsync(Of(one), Of(one), Of(two), Of(two)));
        Assert.All(rig.View().GetProperty("limits")[0].GetProperty("top").EnumerateArray(), key => Assert.InRange(key.GetProperty("key").GetString()!.Length, 1, 40));

        static TestExchange Of(string key) => TestExchange.Get("/").WithHeader("x-key", key);
    }

    [Fact]
    public async Task A_request_may_cost_more_than_one()
    {
        using var rig = new Rig(new LimitOptions { Rate = 10, Cost = Template.Parse("%REQ(x-cost)%") });

        Assert.Equal((int[])[0, 0, 429, 0, 429, 429], await rig.RunAsync(Of("4"), Of("-3"), Of("6"), Of("5"), Of("nonsense"), Of("99999999999999999999999")));

        static TestExchange Of(string cost) => TestExchange.Get("/").WithHeader("x-cost", cost);
    }

    [Fact]
    public async Task What_can_never_be_paid_is_refused_and_costs_nothing()
    {
        using var rig = new Rig(new LimitOptions { Rate = 10, Cost = Template.Parse("%REQ(x-cost)%") });

        Assert.Equal((int[])[429, 0], await rig.RunAsync(TestExchange.Get("/").WithHeader("x-cost", "99999999999999999999999"), TestExchange.Get("/").WithHeader("x-cost", "10")));
    }

    [Fact]
    public async Task Of_several_limits_all_are_used_or_none()
    {
        using var rig = new Rig(
            new LimitOptions { Name = "user", Rate = 3, Key = Template.Parse("%REQ(x-user)%") },
            new LimitOptions { Name = "all", Rate = 2, Key = Template.Parse("x") });

        Assert.Equal((int[])[0, 0, 429, 429], await rig.RunAsync(Of("ada"), Of("bob"), Of("ada"), Of("ada")));
        Assert.Equal(1, rig.Used("user", "ada"));

        static TestExchange Of(string user) => TestExchange.Get("/").WithHeader("x-user", user);
    }

    [Fact]
    public async Task A_dry_run_counts_and_lets_through()
    {
        using var rig = new Rig(new LimitOptions { Rate = 1, DryRun = true });

        Assert.Equal((int[])[0, 0, 0], await rig.AskAsync("192.0.2.1", 3));
        Assert.Equal(2, rig.Context.Sum("filterproxy.rate_limit.requests"));
    }

    [Fact]
    public async Task A_refusal_says_when_to_come_back()
    {
        using var rig = new Rig(new RateLimitOptions { Limits = [new() { Rate = 1, Per = TimeSpan.FromSeconds(90) }], Status = 503 });
        await rig.AskAsync("192.0.2.1", 1);
        using var exchange = TestExchange.Get("/").From("192.0.2.1");
        await rig.Filter.OnRequestAsync(exchange);

        Assert.Equal((503, "rate_limited", "90"), (exchange.Status, exchange.Reason, exchange.Response.Headers["retry-after"]));
        Assert.True(exchange.Stats.Flags.HasFlag(ResponseFlags.RateLimited));
    }

    [Fact]
    public async Task Fields_tell_every_limit()
    {
        using var rig = new Rig(new RateLimitOptions
        {
            Limits = [new() { Name = "ip", Rate = 10, Per = TimeSpan.FromMinutes(1), Algorithm = RateAlgorithm.FixedWindow }, new() { Name = "burst", Rate = 2, Burst = 4 }],
            Fields = true,
            LegacyFields = LegacyFields.XRatelimit,
        });
        using var exchange = TestExchange.Get("/");

        await exchange.RunAsync(rig.Filter);

        var fields = exchange.Response.Headers;
        Assert.Equal("\"ip\";q=10;w=60, \"burst\";q=4;w=2", fields["ratelimit-policy"]);
        Assert.Equal("\"ip\";r=9;t=60, \"burst\";r=3;t=1", fields["ratelimit"]);
        Assert.Equal(("4", "3", "1"), (fields["x-ratelimit-limit"], fields["x-ratelimit-remaining"], fields["x-ratelimit-reset"]));
    }

    [Fact]
    public async Task Without_the_option_nothing_is_told()
    {
        using var rig = new Rig(new LimitOptions { Rate = 2 });
        using var exchange = TestExchange.Get("/");

        await exchange.RunAsync(rig.Filter);

        Assert.DoesNotContain("ratelimit", string.Join(' ', Names(exchange.Response.Headers)), StringComparison.OrdinalIgnoreCase);

        static List<string> Names(HeaderMap headers)
        {
            var names = new List<string>();
            foreach (var field in headers)
            {
                names.Add(System.Text.Encoding.ASCII.GetString(field.Name));
            }

            return names;
        }
    }

    [Fact]
    public async Task Setting_the_time_of_day_changes_nothing()
    {
        var time = new FakeTimeProvider();
        using var rig = new Rig(new RateLimitOptions { Limits = [new() { Rate = 1, Per = TimeSpan.FromMinutes(1) }] }, time);

        Assert.Equal((int[])[0, 429], await rig.AskAsync("192.0.2.1", 2));
        time.SetWallClock(TimeSpan.FromDays(400));
        Assert.Equal((int[])[429], await rig.AskAsync("192.0.2.1", 1));
        time.SetWallClock(TimeSpan.FromDays(-800));
        Assert.Equal((int[])[429], await rig.AskAsync("192.0.2.1", 1));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((int[])[0], await rig.AskAsync("192.0.2.1", 1));
    }

    [Fact]
    public async Task A_leaky_bucket_lets_requests_wait()
    {
        var time = new FakeTimeProvider();
        using var rig = new Rig(new RateLimitOptions { Limits = [new() { Rate = 1, Burst = 2, Algorithm = RateAlgorithm.LeakyBucket, MaxDelay = TimeSpan.FromSeconds(30) }] }, time);
        using var exchange = TestExchange.Get("/").From("192.0.2.1");
        Assert.Equal((int[])[0], await rig.AskAsync("192.0.2.1", 1));

        var waiting = rig.Filter.OnRequestAsync(exchange).AsTask();
        Assert.Equal((int[])[429], await rig.AskAsync("192.0.2.1", 1));
        time.Advance(TimeSpan.FromMilliseconds(900));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(101));

        Assert.Equal(FilterStatus.Continue, await waiting);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("%REQ(x-api-key)%/%PATH%")]
    public void A_request_that_is_counted_here_allocates_nothing(string? key)
    {
        using var rig = new Rig(new RateLimitOptions
        {
            Limits = [new() { Rate = 1_000_000_000, Key = key is null ? null : Template.Parse(key) }, new() { Name = "b", Rate = 10_000, Algorithm = RateAlgorithm.SlidingLog }],
            Fields = true,
        });
        using var exchange = TestExchange.Get("/some/path").WithHeader("x-api-key", "abcdefghijklmnopqrstuvwxyz").WithResponse(200);
        Assert.Equal(0, Allocations.Of(() =>
        {
            _ = rig.Filter.OnRequestAsync(exchange).IsCompleted;
            _ = rig.Filter.OnResponseAsync(exchange).IsCompleted;
            rig.Filter.OnLogging(exchange);
        }));
    }

    [Fact]
    public void A_refusal_allocates_nothing_before_its_answer()
    {
        var context = new TestComponentContext();
        var state = new RateLimitState();
        Limit[] limits = [new(new LimitOptions { Name = "a", Rate = 1000 }, 1), new(new LimitOptions { Name = "b", Rate = 1 }, 1)];
        state.Use(limits, 100, 0, context);

        // Who listens to its counters may allocate.
        context.Dispose();
        var judge = new RateJudge(limits, state, FullTable.Share);
        using var exchange = TestExchange.Get("/");
        var charges = new Charge[2];
        Assert.Equal(-1, judge.Take(exchange, charges, 0, CountMode.Whole));

        Assert.Equal(0, Allocations.Of(() => Assert.StrictEqual(1, judge.Take(exchange, charges, 0, CountMode.Whole))));
    }

    [Fact]
    public async Task Operators_see_the_busiest_keys_and_reset_them()
    {
        using var rig = new Rig(new LimitOptions { Rate = 5 });
        await rig.AskAsync("192.0.2.1", 1);
        await rig.AskAsync("2001:db8::1", 3);

        var limit = rig.View().GetProperty("limits")[0];
        Assert.Equal((2, 100_000, 5), (limit.GetProperty("keys").GetInt32(), limit.GetProperty("max_keys").GetInt32(), limit.GetProperty("capacity").GetInt32()));
        Assert.Equal("2001:db8::=3 192.0.2.1=1", string.Join(' ', limit.GetProperty("top").EnumerateArray().Select(k => $"{k.GetProperty("key").GetString()}={k.GetProperty("used").GetInt64()}")));

        Assert.True((await rig.ResetAsync(("key", "192.0.2.1"))).IsDone);
        Assert.Equal(1, rig.View().GetProperty("limits")[0].GetProperty("keys").GetInt32());
        Assert.False((await rig.ResetAsync(("limit", "other"), ("all", "true"))).IsDone);
        Assert.False((await rig.ResetAsync()).IsDone);
        Assert.True((await rig.ResetAsync(("all", "true"))).IsDone);
        Assert.Equal(0, rig.View().GetProperty("limits")[0].GetProperty("keys").GetInt32());
    }

    [Fact]
    public async Task Instances_without_redis_have_a_part_each()
    {
        using var rig = new Rig(new RateLimitOptions { Limits = [new() { Rate = 9 }], Instances = 3 });

        Assert.Equal(3, (await rig.AskAsync("192.0.2.1", 9)).Count(status => status == 0));
    }

    /// <summary>A filter that has been started.</summary>
    private sealed class Rig : IDisposable
    {
        public Rig(params LimitOptions[] limits)
            : this(new RateLimitOptions { Limits = limits })
        {
        }

        public Rig(RateLimitOptions options, TimeProvider? time = null)
        {
            // A test that is not about time has none that passes.
            Context = new TestComponentContext { Clock = time ?? new FakeTimeProvider() };
            Filter = new RateLimitFilter(options, Context);
            _ = Filter.StartAsync(default).IsCompleted;
        }

        public TestComponentContext Context { get; }

        public RateLimitFilter Filter { get; }

        public Task<int[]> AskAsync(string address, int requests) => RunAsync([.. Enumerable.Range(0, requests).Select(_ => TestExchange.Get("/").From(address))]);

        /// <summary>The status of each; 0 for those let through.</summary>
        public async Task<int[]> RunAsync(params TestExchange[] exchanges)
        {
            var statuses = new List<int>();
            foreach (var exchange in exchanges)
            {
                using (exchange)
                {
                    statuses.Add(await Filter.OnRequestAsync(exchange) == FilterStatus.Stop ? exchange.Status : 0);
                    Filter.OnLogging(exchange);
                }
            }

            return [.. statuses];
        }

        public long Used(string limit, string key) => View().GetProperty("limits").EnumerateArray().Single(l => l.GetProperty("name").GetString() == limit)
            .GetProperty("top").EnumerateArray().Single(k => k.GetProperty("key").GetString() == key).GetProperty("used").GetInt64();

        public JsonElement View()
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
            {
                Filter.WriteView(writer);
            }

            return JsonDocument.Parse(stream.ToArray()).RootElement;
        }

        public async Task<AdminOutcome> ResetAsync(params (string Name, string Value)[] arguments) =>
            await Filter.RunAsync("rate_limit_reset", arguments.ToDictionary(a => a.Name, a => a.Value), default);

        public void Dispose()
        {
            Filter.Dispose();
            Context.Dispose();
        }
    }
}
