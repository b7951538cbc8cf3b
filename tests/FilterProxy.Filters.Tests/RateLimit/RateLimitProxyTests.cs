using FilterProxy.Filters.RateLimit;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.RateLimit;

/// <summary>Limits in a proxy, over connections.</summary>
public sealed class RateLimitProxyTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task A_client_over_its_limit_is_refused_and_told(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(Yaml(upstream, "{ limits: [ { rate: 2, per: 1h } ], fields: true, legacy_fields: ratelimit }"), transport, typeof(RateLimitFilter));
        await using var client = await proxy.ConnectAsync();
        var answers = new[] { await client.RoundTripAsync(Request), await client.RoundTripAsync(Request), await client.RoundTripAsync(Request) };

        Assert.Equal([200, 200, 429], answers.Select(a => a.Status));
        Assert.Equal("Too many requests (rate_limited)\n", answers[2].Text);
        Assert.Equal(("1800", "\"default\";q=2;w=3600", "\"default\";r=0;t=3600"), (answers[2].Headers["retry-after"], answers[2].Headers["ratelimit-policy"], answers[2].Headers["ratelimit"]));
        Assert.Equal(("2", "1", "1800"), (answers[0].Headers["ratelimit-limit"], answers[0].Headers["ratelimit-remaining"], answers[0].Headers["ratelimit-reset"]));
        Assert.Equal(2, upstream.Requests.Count);
        Assert.Equal(1, proxy.Counts["filterproxy.rate_limit.requests limit=default result=limited"]);
    }

    [Fact]
    public async Task Counters_are_kept_when_a_reload_changes_the_limits()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(Yaml(upstream, "{ limits: [ { rate: 4, per: 1h } ] }"), TestTransport.Direct, typeof(RateLimitFilter));
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);
        Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);

        Assert.Equal("", await proxy.ReloadAsync(Yaml(upstream, "{ limits: [ { rate: 3, per: 24h, algorithm: sliding_window } ], max_keys: 5000 }")));

        Assert.Equal(200, (await client.RoundTripAsync(Request)).Status);
        Assert.Equal(429, (await client.RoundTripAsync(Request)).Status);
    }

    [Fact]
    public async Task A_request_that_waits_in_a_leaky_bucket_is_answered()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            Yaml(upstream, "{ limits: [ { rate: 50, per: 1s, burst: 5, algorithm: leaky_bucket, max_delay: 1m } ] }"), TestTransport.Direct, typeof(RateLimitFilter));

        // However slow the machine: no client has a request before its last is answered, so no more than three are in the bucket.
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => proxy.SendAsync(Request)));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
    }

    [Theory]
    [InlineData("{}", "must have 1 to 16 limits")]
    [InlineData("{ limits: [ { rate: 0 } ] }", "must be between 1 and 1000000000")]
    [InlineData("{ limits: [ { per: 1s } ] }", "rate")]
    [InlineData("{ limits: [ { rate: 1, per: 32d } ] }", "must be between 1ms and 31d")]
    [InlineData("{ limits: [ { rate: 1, burst: 2, algorithm: fixed_window } ] }", "windows have no burst")]
    [InlineData("{ limits: [ { rate: 20000, algorithm: sliding_log } ] }", "at most 10000")]
    [InlineData("{ limits: [ { rate: 1, algorithm: sideways } ] }", "sideways")]
    [InlineData("{ limits: [ { rate: 1, name: 'a b' } ] }", "must be letters")]
    [InlineData("{ limits: [ { rate: 1 }, { rate: 2 } ] }", "two limits are called 'default'")]
    [InlineData("{ limits: [ { rate: 1, cost: '0' } ] }", "must be a whole number from 1 on")]
    [InlineData("{ limits: [ { rate: 1, max_delay: 2m } ] }", "must be at most 1m")]
    [InlineData("{ limits: [ { rate: 1, key: '%NO%' } ] }", "unknown operator 'NO'")]
    [InlineData("{ limits: [ { rate: 1, ipv6_prefix: 8 } ] }", "must be between 16 and 128")]
    [InlineData("{ limits: [ { rate: 1 } ], status: 200 }", "must be between 400 and 599")]
    [InlineData("{ limits: [ { rate: 1 } ], max_keys: 0 }", "must be between 1 and 50000000")]
    [InlineData("{ limits: [ { rate: 1 } ], redis: { cluster: none } }", "there is no cluster 'none'")]
    [InlineData("{ limits: [ { rate: 1 } ], redis: { cluster: origin, user: a } }", "a user needs a password")]
    [InlineData("{ limits: [ { rate: 1 } ], redis: { cluster: origin, timeout: 0s } }", "must be between 1ms and 1h")]
    [InlineData("{ limits: [ { rate: 1 } ], redis: { cluster: origin, max_reply: 1 } }", "must be between 1 KiB and 512 MiB")]
    [InlineData("{ limit: [ { rate: 1 } ] }", "did you mean 'limits'")]
    public async Task Wrong_options_are_refused_with_what_is_wrong(string options, string problem)
    {
        await using var upstream = TestUpstream.Start();
        var error = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(Yaml(upstream, options), TestTransport.Direct, typeof(RateLimitFilter)));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static string Yaml(TestUpstream upstream, string options) =>
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { rate_limit: {{options}} } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;
}
