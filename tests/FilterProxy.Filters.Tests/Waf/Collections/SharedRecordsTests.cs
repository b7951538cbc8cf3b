using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.Filters.Waf;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Collections;

/// <summary>What rules remember, shared by instances through redis.</summary>
public sealed class SharedRecordsTests
{
    private const string Rules = """
        SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REQUEST_HEADERS.x-client},setvar:ip.hits=+1,expirevar:ip.hits=600"
        SecRule IP:hits "@gt 3" "id:2,phase:1,deny,status:429"
        SecRule ARGS:forget "@streq 1" "id:3,phase:1,pass,nolog,setvar:!ip.hits"
        """;

    [ProgramFact("redis-server")]
    public async Task Two_instances_count_what_both_have_seen()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var upstream = TestUpstream.Start();
        await using var one = await StartAsync(upstream.Port, redis.Port);
        await using var two = await StartAsync(upstream.Port, redis.Port);

        Assert.Equal("200 200 200 429 429", await AskInTurnAsync(one, two, one, two, one));
        Assert.Equal(200, await AskAsync(two, "b"));

        Assert.Equal(429, await AskAsync(one, "a", "/?forget=1"));
        await using var rig = await RespRig.StartAsync(RespRig.Patient, redis.Port);
        Assert.InRange((await rig.AskKeyAsync("TTL", "fp:waf:IP:a")).Value.Integer, 1, 3600);
        Assert.Equal("1", (await rig.AskKeyAsync("HGET", "fp:waf:IP:b", "vhits")).Value.Text);
    }

    [ProgramFact("redis-server")]
    public async Task What_one_takes_away_is_gone_for_the_other()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var upstream = TestUpstream.Start();
        await using var one = await StartAsync(upstream.Port, redis.Port);
        await using var two = await StartAsync(upstream.Port, redis.Port);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, await AskAsync(one, "a", i == 2 ? "/?forget=1" : "/"));
        }

        Assert.Equal("200 200 200 429", await AskInTurnAsync(two, two, two, two));
    }

    [ProgramFact("redis-server")]
    public async Task While_redis_is_away_each_counts_for_itself()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, redis.Port);
        Assert.Equal("200 200", await AskInTurnAsync(proxy, proxy));
        await redis.KillAsync();
        Assert.Equal("200 429", await AskInTurnAsync(proxy, proxy));
        Assert.True(proxy.Counts["filterproxy.waf.records.failures"] > 0);
    }

    private static async Task<string> AskInTurnAsync(params TestProxy[] proxies)
    {
        var statuses = new List<int>();
        foreach (var proxy in proxies)
        {
            statuses.Add(await AskAsync(proxy, "a"));
        }

        return string.Join(' ', statuses);
    }

    private static async Task<int> AskAsync(TestProxy proxy, string client, string target = "/") =>
        (await proxy.SendAsync($"GET {target} HTTP/1.1\r\nHost: example.com\r\nX-Client: {client}\r\n\r\n")).Status;

    private static Task<TestProxy> StartAsync(int upstream, int redis) => TestProxy.StartAsync(
        $$"""
        routes:
          - name: all
            cluster: origin
            filters:
              - waf:
                  rules: []
                  mode: block
                  redis: { cluster: redis, timeout: 20s, connect_timeout: 20s, max_backoff: 100ms }
                  directives: |
                    {{Rules.ReplaceLineEndings("\n" + new string(' ', 20))}}
        clusters:
          origin: { endpoints: ["127.0.0.1:{{upstream}}"] }
          redis: { endpoints: ["127.0.0.1:{{redis}}"] }
        """,
        TestTransport.Direct,
        typeof(WafFilter));
}
