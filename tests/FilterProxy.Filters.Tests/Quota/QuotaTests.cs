extern alias QuotaPlugin;

using System.Text.Json;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.TestKit;
using QuotaPlugin::FilterProxy.Filters.Quota;
using Xunit;
using MissingKey = QuotaPlugin::FilterProxy.Filters.Keys.MissingKey;

namespace FilterProxy.Filters.Tests.Quota;

/// <summary>Quotas of days and months.</summary>
public sealed class QuotaTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\nX-Key: ada\r\n\r\n";

    [Theory]
    [InlineData(QuotaPeriod.Day, 1, 0, "2026-03-01T00:00:00Z", "2026-03-01", "2026-03-02")]
    [InlineData(QuotaPeriod.Day, 1, 22, "2026-03-01T21:59:59Z", "2026-02-28 22:00", "2026-03-01 22:00")]
    [InlineData(QuotaPeriod.Week, 1, 0, "2026-11-22T23:59:59Z", "2026-11-16", "2026-11-23")]
    [InlineData(QuotaPeriod.Week, 1, 0, "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-30")]
    [InlineData(QuotaPeriod.Month, 1, 0, "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01")]
    [InlineData(QuotaPeriod.Month, 28, 0, "2028-02-29T12:00:00Z", "2028-02-28", "2028-03-28")]
    [InlineData(QuotaPeriod.Month, 15, 6, "2026-01-15T05:59:59Z", "2025-12-15 06:00", "2026-01-15 06:00")]
    public void Periods_follow_the_calendar(QuotaPeriod period, int day, int hour, string time, string start, string end)
    {
        var calendar = new Calendar(new QuotaOptions { Limit = 1, Period = period, ResetDay = day, ResetTime = TimeSpan.FromHours(hour) });

        var found = calendar.At(DateTimeOffset.Parse(time));

        Assert.Equal((DateTimeOffset.Parse(start + "Z"), DateTimeOffset.Parse(end + "Z")), found);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task What_is_over_the_quota_is_refused_and_told(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync("limit: 2, period: day, fields: true", transport: transport);
        await using var client = await proxy.ConnectAsync();
        var answers = new[] { await client.RoundTripAsync(Request), await client.RoundTripAsync(Request), await client.RoundTripAsync(Request) };

        Assert.Equal([200, 200, 429], answers.Select(answer => answer.Status));
        Assert.Equal("\"quota\";q=2;w=86400", answers[2].Headers["ratelimit-policy"]);
        Assert.StartsWith("\"quota\";r=1;t=", answers[0].Headers["ratelimit"], StringComparison.Ordinal);
        Assert.InRange(int.Parse(answers[2].Headers["retry-after"]!), 1, 86_400);
        Assert.Equal(1, proxy.Counts["filterproxy.quota.requests quota=quota result=limited"]);
    }

    [Fact]
    public async Task A_quota_begins_anew_with_its_period_and_not_when_the_clock_goes_back()
    {
        var time = new FakeTimeProvider();
        using var context = new TestComponentContext { Clock = time };
        using var filter = Start(new QuotaOptions { Limit = 1, Period = QuotaPeriod.Day }, context);
        Assert.Equal((0, 429), (await AskAsync(filter), await AskAsync(filter)));

        time.SetWallClock(TimeSpan.FromDays(1));
        Assert.Equal((0, 429), (await AskAsync(filter), await AskAsync(filter)));
        time.SetWallClock(TimeSpan.FromDays(-2));
        Assert.Equal(429, await AskAsync(filter));
    }

    [Theory]
    [InlineData(MissingKey.Address, 0)]
    [InlineData(MissingKey.Shared, 429)]
    [InlineData(MissingKey.Skip, 0)]
    public async Task Who_has_no_key_is_counted_as_the_options_say(MissingKey missing, int second)
    {
        using var context = new TestComponentContext();
        using var filter = Start(new QuotaOptions { Limit = 1, Key = Template.Parse("%REQ(x-key)%"), Missing = missing }, context);

        Assert.Equal((0, second), (await AskAsync(filter, "192.0.2.1"), await AskAsync(filter, "192.0.2.2")));
    }

    [Fact]
    public async Task A_cost_that_does_not_fit_is_not_counted_and_a_dry_run_lets_through()
    {
        using var context = new TestComponentContext();
        using var filter = Start(new QuotaOptions { Limit = 10, Cost = Template.Parse("%REQ(x-cost)%"), Status = 402 }, context);
        Assert.Equal((int[])[0, 402, 0, 402, 402], await Task.WhenAll(((string[])["6", "5", "4", "1", "99999999999999999999"]).Select(cost => AskAsync(filter, cost: cost))));

        using var other = new TestComponentContext();
        using var dry = Start(new QuotaOptions { Limit = 1, DryRun = true }, other);
        Assert.Equal((0, 0), (await AskAsync(dry), await AskAsync(dry)));
        Assert.Equal(1, other.Sum("filterproxy.quota.requests"));
    }

    [Fact]
    public async Task New_keys_without_room_are_refused_until_a_period_ends()
    {
        var time = new FakeTimeProvider();
        using var context = new TestComponentContext { Clock = time };
        using var filter = Start(new QuotaOptions { Limit = 5, Period = QuotaPeriod.Day, MaxKeys = 2 }, context);
        Assert.Equal((0, 0, 429), (await AskAsync(filter, "192.0.2.1"), await AskAsync(filter, "192.0.2.2"), await AskAsync(filter, "192.0.2.3")));

        time.SetWallClock(TimeSpan.FromDays(1));
        Assert.Equal(0, await AskAsync(filter, "192.0.2.3"));
    }

    [Fact]
    public async Task A_file_keeps_it_over_a_restart()
    {
        using var folder = new ScratchFolder();
        var options = new QuotaOptions { Limit = 3, File = folder["quota.tsv"], Key = Template.Parse("%REQ(x-key)%") };
        var (huge, odd) = (new string('k', 100_000), "a b\tc");
        using (var context = new TestComponentContext())
        {
            using var filter = Start(options, context);
            Assert.Equal((0, 0, 0, 0), (await AskAsync(filter), await AskAsync(filter, key: huge), await AskAsync(filter, key: odd), await AskAsync(filter, key: odd)));
        }

        Assert.Equal(["quota.tsv"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
        using var after = new TestComponentContext();
        using var again = Start(options, after);
        Assert.Equal((0, 429), (await AskAsync(again, key: odd), await AskAsync(again, key: odd)));
        Assert.Equal((0, 0, 429), (await AskAsync(again, key: huge), await AskAsync(again, key: huge), await AskAsync(again, key: huge)));
        Assert.Equal((0, 0, 429), (await AskAsync(again), await AskAsync(again), await AskAsync(again)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("something else\n")]
    [InlineData("filterproxy-quota 1\t5\nk:61\tmany\ta\n")]
    [InlineData("filterproxy-quota 1\t5\nzz\t1\ta\n")]
    [InlineData("filterproxy-quota 1\t5\nk:6\t1\ta\n")]
    [InlineData("filterproxy-quota 1\t5\nk:61\t1\n")]
    public void A_file_that_is_not_what_was_written_is_refused(string text)
    {
        using var folder = new ScratchFolder();
        using var context = new TestComponentContext();
        using var filter = new QuotaFilter(new QuotaOptions { Limit = 1, File = folder.Write("quota.tsv", text) }, context);

        Assert.ThrowsAny<InvalidDataException>(() => filter.StartAsync(default).GetAwaiter().GetResult());
        Assert.Equal(text, File.ReadAllText(folder["quota.tsv"]));
    }

    [Fact]
    public async Task The_file_is_written_now_and_then_and_a_folder_that_is_gone_is_told()
    {
        using var folder = new ScratchFolder();
        using var context = new TestComponentContext();
        using var filter = Start(new QuotaOptions { Limit = 3, File = folder["a/quota.tsv"], Save = TimeSpan.FromMilliseconds(100) }, context);
        Assert.Equal(0, await AskAsync(filter));

        await Poll.UntilAsync(() => context.Sum("filterproxy.quota.save_failures") > 0);
        Assert.Contains(context.LogLines, line => line.Contains("cannot be written", StringComparison.Ordinal));
        Directory.CreateDirectory(folder["a"]);
        await Poll.UntilAsync(() => File.Exists(folder["a/quota.tsv"]));
    }

    [Fact]
    public async Task Operators_see_and_reset_it()
    {
        using var context = new TestComponentContext();
        using var filter = Start(new QuotaOptions { Limit = 1 }, context);
        Assert.Equal((0, 429), (await AskAsync(filter), await AskAsync(filter)));
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            filter.WriteView(writer);
        }

        Assert.Equal(("192.0.2.1", 1), (
            JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("top")[0].GetProperty("key").GetString(),
            JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("top")[0].GetProperty("used").GetInt32()));
        Assert.False((await filter.RunAsync("quota_reset", new Dictionary<string, string>(), default)).IsDone);
        Assert.True((await filter.RunAsync("quota_reset", new Dictionary<string, string> { ["key"] = "192.0.2.1" }, default)).IsDone);
        Assert.Equal(0, await AskAsync(filter));
    }

    [ProgramFact("redis-server")]
    public async Task Instances_count_together_in_redis_and_go_on_without_it()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await StartAsync("limit: 6, key: '%REQ(x-key)%'", redis.Port);
        await using var two = await StartAsync("limit: 6, key: '%REQ(x-key)%'", redis.Port);
        Assert.Equal((int[])[200, 200, 200, 200], new[] { await GetAsync(one), await GetAsync(two), await GetAsync(one), await GetAsync(two) });

        // The second has last seen four used: it lets two more through, and tells redis when it is back.
        await redis.PauseAsync();
        Assert.Equal((int[])[200, 200, 429], new[] { await GetAsync(two), await GetAsync(two), await GetAsync(two) });
        await redis.ResumeAsync();
        await Poll.UntilAsync(async () => await GetAsync(two) == 429 && await GetAsync(one) == 429);
        Assert.True(two.Counts["filterproxy.quota.requests quota=quota result=unshared"] >= 3);
    }

    [ProgramFact("redis-server")]
    public async Task Without_redis_everything_is_refused_where_that_is_wanted()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await StartAsync("limit: 6, redis_failure: refuse", redis.Port);
        Assert.Equal(200, await GetAsync(proxy));
        await redis.KillAsync();

        await Poll.UntilAsync(async () => await GetAsync(proxy) == 503);
    }

    [Theory]
    [InlineData("limit: 0", "must be between 1 and 1000000000000")]
    [InlineData("period: day", "limit")]
    [InlineData("limit: 1, period: year", "year")]
    [InlineData("limit: 1, reset_day: 31", "must be between 1 and 28")]
    [InlineData("limit: 1, reset_day: 5, period: day", "is for months")]
    [InlineData("limit: 1, reset_time: 24h", "must be less than 24h")]
    [InlineData("limit: 1, name: 'a b'", "must be letters")]
    [InlineData("limit: 1, save: 1ms", "must be between 100ms and 1h")]
    [InlineData("limit: 1, cost: '-1'", "must be a whole number from 1 on")]
    [InlineData("limit: 1, file: a, redis: { cluster: origin }", "redis keeps it already")]
    [InlineData("limit: 1, status: 99", "must be between 400 and 599")]
    public async Task Wrong_options_are_refused_with_what_is_wrong(string options, string problem)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static QuotaFilter Start(QuotaOptions options, TestComponentContext context)
    {
        var filter = new QuotaFilter(options, context);
        _ = filter.StartAsync(default).IsCompleted;
        return filter;
    }

    private static async Task<int> AskAsync(QuotaFilter filter, string address = "192.0.2.1", string? key = null, string cost = "1")
    {
        using var exchange = TestExchange.Get("/").From(address).WithHeader("x-cost", cost);
        if (key is not null)
        {
            exchange.WithHeader("x-key", key);
        }

        return await filter.OnRequestAsync(exchange) == FilterStatus.Stop ? exchange.Status : 0;
    }

    private static async Task<int> GetAsync(TestProxy proxy) => (await proxy.SendAsync(Request)).Status;

    private static Task<TestProxy> StartAsync(string options, int? redis = null, TestTransport transport = TestTransport.Direct) => TestProxy.StartAsync(
        $$"""
        http: { route_filters: [ { quota: { {{options}}{{(redis is null ? "" : ", redis: { cluster: origin, timeout: 500ms, connect_timeout: 2s, max_backoff: 100ms }")}} } } ] }
        routes: [ { name: all, respond: { status: 200 } } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{redis ?? 1}}"] } }
        """,
        transport,
        typeof(QuotaFilter));
}
