using FilterProxy.Filters.RateLimit;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.RateLimit;

/// <summary>Limits counted in a real redis-server, which also goes away, stands still and forgets.</summary>
public sealed class RateLimitRedisTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\nX-Key: k\r\n\r\n";
    private const string Patient = "timeout: 20s, connect_timeout: 20s";

    [ProgramFact("redis-server")]
    public async Task Instances_that_share_redis_share_each_limit_of_any_kind()
    {
        await using var redis = await RedisServer.StartAsync();
        foreach (var algorithm in (string[])["token_bucket", "fixed_window", "sliding_window", "sliding_log"])
        {
            var options = $"limits: [ {{ name: {algorithm}, rate: 30, per: 1h, algorithm: {algorithm} }} ], fields: true";
            await using var one = await StartAsync(redis, options, TestTransport.Direct);
            await using var two = await StartAsync(redis, options, TestTransport.H2c);
            await using var three = await StartAsync(redis, options, TestTransport.Direct);

            var answers = await Task.WhenAll(Enumerable.Range(0, 90).Select(i => (i % 3) switch { 0 => one, 1 => two, _ => three }).Select(proxy => proxy.SendAsync(Request)));

            Assert.Equal((algorithm, 30), (algorithm, answers.Count(a => a.Status == 200)));
            Assert.Equal((algorithm, 60), (algorithm, answers.Count(a => a.Status == 429)));
            var last = await one.SendAsync(Request);
            Assert.StartsWith($"\"{algorithm}\";r=0;t=", last.Headers["ratelimit"], StringComparison.Ordinal);
            Assert.InRange(int.Parse(last.Headers["retry-after"]!), 1, 7200);
        }
    }

    [ProgramFact("redis-server")]
    public async Task A_leaky_bucket_in_redis_makes_requests_of_all_instances_wait_in_one_row()
    {
        await using var redis = await RedisServer.StartAsync();
        const string Options = "limits: [ { rate: 20, per: 1s, burst: 3, algorithm: leaky_bucket, max_delay: 1m } ]";
        await using var one = await StartAsync(redis, Options);
        await using var two = await StartAsync(redis, Options);

        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(one.SendAsync(Request), two.SendAsync(Request), one.SendAsync(Request));

        // The third comes out 100 ms after the first, whoever that was; only then is the answer there.
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(90));
    }

    [ProgramFact("redis-server")]
    public async Task A_request_costs_one_round_trip_and_a_client_over_its_limit_none()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, redis.Port);
        await using var proxy = await StartAsync(redis, "limits: [ { name: a, rate: 5, per: 1h }, { name: b, rate: 100, per: 1h, key: '%REQ(x-key)%' } ]");
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);
        }

        // One that asked for the script and one that had it are both counted as calls.
        var calls = await CallsAsync();
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(429, (await client.RoundTripAsync(Request)).Status);
        }

        Assert.InRange(calls, 10, 12);
        Assert.Equal(calls, await CallsAsync());

        async Task<int> CallsAsync()
        {
            var stats = (await rig.AskAsync("INFO", "commandstats")).Value.Text;
            return int.Parse(stats.Split("cmdstat_evalsha:calls=")[1].Split(',')[0]);
        }
    }

    [ProgramFact("redis-server")]
    public async Task What_one_limit_took_is_given_back_when_another_refuses()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, redis.Port);
        const string Options = "limits: [ { name: wide, rate: 100, per: 1h, algorithm: fixed_window, key: x }, { name: tight, rate: 2, per: 1h, algorithm: fixed_window, key: x } ]";
        await using var one = await StartAsync(redis, Options);
        await using var two = await StartAsync(redis, Options);
        Assert.Equal(200, (await one.SendAsync(Request)).Status);
        Assert.Equal(200, (await one.SendAsync(Request)).Status);

        // The second instance has seen none of them: it must ask.
        Assert.Equal(429, (await two.SendAsync(Request)).Status);

        await Poll.UntilAsync(async () => (await rig.AskAsync("HGET", "fp:rl:wide:k:x", "u")).Value.Text == "2");
        Assert.Equal("2", (await rig.AskAsync("HGET", "fp:rl:tight:k:x", "u")).Value.Text);
    }

    [ProgramFact("redis-server")]
    public async Task Without_redis_an_instance_has_its_part_and_shares_again_when_redis_is_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await StartAsync(redis, "limits: [ { rate: 30, per: 1h, algorithm: fixed_window, key: '%REQ(x-key)%' } ], instances: 3", TestTransport.Direct, "timeout: 20s, connect_timeout: 20s, max_backoff: 100ms");
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(200, (await AskAsync("first")).Status);

        await redis.KillAsync();
        await Poll.UntilAsync(async () => (await AskAsync("probe")).Status == 429);
        var alone = 0;
        for (var i = 0; i < 40; i++)
        {
            alone += (await AskAsync("second")).Status == 200 ? 1 : 0;
        }

        Assert.Equal(10, alone);
        Assert.True(proxy.Counts["filterproxy.rate_limit.requests limit=default result=unshared"] > 0);

        await redis.StartAgainAsync();
        await Poll.UntilAsync(async () => (await AskAsync("second")).Status == 200);

        Task<RawResponse> AskAsync(string key) => client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n");
    }

    [ProgramTheory("redis-server")]
    [InlineData("refuse", 503)]
    [InlineData("whole", 200)]
    public async Task Without_redis_requests_are_treated_as_the_options_say(string mode, int expected)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await StartAsync(redis, $"limits: [ {{ rate: 3, per: 1h }} ], instances: 3, redis_failure: {mode}");
        await redis.KillAsync();

        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            statuses.Add((await proxy.SendAsync(Request)).Status);
        }

        Assert.Equal(expected == 503 ? [503, 503, 503, 503] : [200, 200, 200, 429], statuses);
    }

    [ProgramFact("redis-server")]
    public async Task A_redis_that_stands_still_delays_no_more_than_its_timeout_allows()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await StartAsync(redis, "limits: [ { rate: 30000, per: 1h, key: '%REQ(x-key)%' } ], instances: 3", TestTransport.Direct, "timeout: 200ms, connect_timeout: 200ms");
        await using var client = await proxy.ConnectAsync();
        await Poll.UntilAsync(async () => (await client.RoundTripAsync(Request)).Status == 200);
        await redis.PauseAsync();

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);
        }

        Assert.True(proxy.Counts["filterproxy.rate_limit.requests limit=default result=unshared"] >= 200);
    }

    [ProgramFact("redis-server")]
    public async Task A_redis_that_has_forgotten_all_is_no_free_pass_for_a_client_of_this_instance()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, redis.Port);
        await using var proxy = await StartAsync(redis, "limits: [ { rate: 3, per: 1h } ]");
        Assert.Equal((int[])[200, 200, 200, 429], await AskAsync(4));

        Assert.True((await rig.AskAsync("FLUSHALL")).IsDone);
        Assert.True((await rig.AskAsync("SCRIPT", "FLUSH")).IsDone);

        Assert.Equal((int[])[429], await AskAsync(1));

        async Task<List<int>> AskAsync(int count)
        {
            var statuses = new List<int>();
            for (var i = 0; i < count; i++)
            {
                statuses.Add((await proxy.SendAsync(Request)).Status);
            }

            return statuses;
        }
    }

    [Theory]
    [InlineData("+OK\r\n")]
    [InlineData("*4\r\n:1\r\n:1\r\n:1\r\n+x\r\n")]
    [InlineData("-OOM command not allowed\r\n")]
    [InlineData("*0\r\n")]
    public async Task An_answer_that_makes_no_sense_is_none(string lie)
    {
        await using var redis = new FakeRedis(_ => lie);
        await using var proxy = await StartAsync(redis.Port, "limits: [ { rate: 9, per: 1h } ], instances: 3");

        var statuses = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            statuses.Add((await proxy.SendAsync(Request)).Status);
        }

        Assert.Equal([200, 200, 200, 429, 429], statuses);
    }

    [Fact]
    public async Task A_refusal_for_ever_ends_with_the_window()
    {
        await using var redis = new FakeRedis(_ => "*4\r\n:0\r\n:0\r\n:9223372036854775807\r\n:9223372036854775807\r\n");
        await using var proxy = await StartAsync(redis.Port, "limits: [ { rate: 9, per: 1m, algorithm: fixed_window } ]");

        Assert.Equal("120", (await proxy.SendAsync(Request)).Headers["retry-after"]);
    }

    [ProgramFact("redis-server")]
    public async Task Long_and_binary_keys_are_different_keys()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = await StartAsync(redis, "limits: [ { rate: 1, per: 1h, key: '%REQ(x-key)%' } ]");
        await using var client = await proxy.ConnectAsync();
        foreach (var key in (string[])["a b:c", "a b:d", new string('x', 5000), new string('x', 4999) + "y"])
        {
            Assert.Equal(200, (await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n")).Status);
            Assert.Equal(429, (await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n")).Status);
        }
    }

    private static Task<TestProxy> StartAsync(RedisServer redis, string options, TestTransport transport = TestTransport.Direct, string connection = Patient) =>
        StartAsync(redis.Port, options, transport, connection);

    private static Task<TestProxy> StartAsync(int redis, string options, TestTransport transport = TestTransport.Direct, string connection = Patient) => TestProxy.StartAsync(
        $$"""
        http: { route_filters: [ { rate_limit: { {{options}}, redis: { cluster: redis, {{connection}} } } } ] }
        routes: [ { name: all, respond: { status: 200 } } ]
        clusters: { redis: { endpoints: ["127.0.0.1:{{redis}}"] } }
        """,
        transport,
        typeof(RateLimitFilter));
}
