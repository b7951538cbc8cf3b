extern alias JailPlugin;

using System.Text.Json;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.TestKit;
using JailPlugin::FilterProxy.Filters.Jail;
using Xunit;
using MissingKey = JailPlugin::FilterProxy.Filters.Keys.MissingKey;

namespace FilterProxy.Filters.Tests.Jail;

/// <summary>Clients that offend, and what becomes of them.</summary>
public sealed class JailTests
{
    private static readonly OffenceOptions Probing = new() { Name = "probing", Statuses = ["4xx"] };

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task A_client_that_offends_too_often_is_kept_out(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Create(request.Target == "/good" ? 200 : 404));
        await using var proxy = await StartAsync(upstream.Port, "{ max: 3, offences: [ { name: probing, statuses: [4xx] } ] }", transport);
        await using var client = await proxy.ConnectAsync();
        var statuses = new List<int>();
        foreach (var path in (string[])["/good", "/a", "/b", "/c", "/good", "/good"])
        {
            statuses.Add((await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        Assert.Equal([200, 404, 404, 404, 403, 403], statuses);
        Assert.Equal(4, upstream.Requests.Count);
        Assert.Equal((3, 1, 2), (proxy.Counts["filterproxy.jail.offences offence=probing"], proxy.Counts["filterproxy.jail.bans offence=probing"], proxy.Counts["filterproxy.jail.refused"]));
        Assert.Contains(proxy.LogLines, line => line.Contains("127.0.0.1 is banned until", StringComparison.Ordinal) && line.Contains("probing: GET /c 404 via_upstream", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_honeypot_reaches_no_upstream_and_may_be_enough()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "{ max: 5, offences: [ { name: scanner, honeypots: [/.env, '/.git/*'], weight: 5 } ] }", TestTransport.Direct);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal((200, 404, 403), (
            (await client.RoundTripAsync("GET /.environment HTTP/1.1\r\nHost: a\r\n\r\n")).Status,
            (await client.RoundTripAsync("GET /.git/config HTTP/1.1\r\nHost: a\r\n\r\n")).Status,
            (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status));
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Requests_nothing_can_be_made_of_are_offences_too()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "{ max: 2, offences: [ { name: malformed, reasons: [bad_request] } ] }", TestTransport.Direct);
        Assert.Equal(400, (await proxy.SendAsync("GET / HTTP/1.1\r\n\r\n")).Status);
        Assert.Equal(400, (await proxy.SendAsync("GET / HTTP/1.1\r\n\r\n")).Status);

        await Poll.UntilAsync(async () => (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status == 403);
    }

    [Fact]
    public async Task Bans_end_and_the_next_is_longer()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 2, Per = TimeSpan.FromSeconds(10), Ban = TimeSpan.FromSeconds(30), MaxBan = TimeSpan.FromSeconds(100) });
        foreach (var seconds in (int[])[30, 60, 100, 100])
        {
            rig.Offend("192.0.2.1", 2);
            Assert.Equal((403, $"{seconds}"), await rig.AskAsync("192.0.2.1"));
            rig.Time.Advance(TimeSpan.FromSeconds(seconds - 1));
            Assert.Equal(403, (await rig.AskAsync("192.0.2.1")).Status);
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0, (await rig.AskAsync("192.0.2.1")).Status);
        }
    }

    [Fact]
    public async Task Offences_run_out_with_time_and_belong_to_one_client()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 2, Per = TimeSpan.FromSeconds(10) });
        rig.Offend("192.0.2.1", 1);
        rig.Time.Advance(TimeSpan.FromSeconds(6));
        rig.Offend("192.0.2.1", 1);
        rig.Offend("192.0.2.2", 1);

        Assert.Equal((0, 0), ((await rig.AskAsync("192.0.2.1")).Status, (await rig.AskAsync("192.0.2.2")).Status));
        rig.Offend("192.0.2.1", 1);
        Assert.Equal((403, 0), ((await rig.AskAsync("192.0.2.1")).Status, (await rig.AskAsync("192.0.2.2")).Status));
    }

    [Fact]
    public async Task An_IPv6_network_is_one_client_and_some_networks_are_never_banned()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 1, Ipv4Prefix = 24, Never = [System.Net.IPNetwork.Parse("198.51.100.0/24")] });
        rig.Offend("2001:db8::1", 1);
        rig.Offend("192.0.2.1", 1);
        rig.Offend("198.51.100.1", 1);

        Assert.Equal(403, (await rig.AskAsync("2001:db8::ffff")).Status);
        Assert.Equal(0, (await rig.AskAsync("2001:db8:0:1::1")).Status);
        Assert.Equal(403, (await rig.AskAsync("192.0.2.99")).Status);
        Assert.Equal(0, (await rig.AskAsync("198.51.100.1")).Status);
    }

    [Theory]
    [InlineData(MissingKey.Address, 403)]
    [InlineData(MissingKey.Shared, 403)]
    [InlineData(MissingKey.Skip, 0)]
    public async Task Who_has_no_key_is_judged_as_the_options_say(MissingKey missing, int status)
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 1, Key = Template.Parse("%REQ(x-key)%"), Missing = missing });
        rig.Offend("192.0.2.1", 1);

        Assert.Equal(status, (await rig.AskAsync("192.0.2.1")).Status);
        Assert.Equal(missing == MissingKey.Shared ? 403 : 0, (await rig.AskAsync("192.0.2.2")).Status);
    }

    [Fact]
    public async Task Who_is_banned_is_closed_or_sent_to_a_challenge_where_that_is_wanted()
    {
        using var closing = new Rig(new JailOptions { Offences = [Probing], Max = 1, Action = JailAction.Close });
        closing.Offend("192.0.2.1", 1);
        using var cut = TestExchange.Get("/").From("192.0.2.1");
        Assert.Equal(FilterStatus.Stop, await closing.Filter.OnRequestAsync(cut));
        Assert.Equal("jailed", cut.AbortedWith);

        using var challenging = new Rig(new JailOptions { Offences = [Probing], Max = 1, Action = JailAction.Challenge, Challenge = "/challenge" });
        challenging.Offend("192.0.2.1", 1);
        using var sent = TestExchange.Get("/").From("192.0.2.1");
        using var there = TestExchange.Get("/challenge/answer").From("192.0.2.1");
        Assert.Equal(FilterStatus.Stop, await challenging.Filter.OnRequestAsync(sent));
        Assert.Equal((302, "/challenge"), (sent.Status, sent.Response.Headers["location"]));
        Assert.Equal(FilterStatus.Continue, await challenging.Filter.OnRequestAsync(there));
    }

    [Fact]
    public async Task A_dry_run_bans_and_refuses_nobody()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 1, DryRun = true });
        rig.Offend("192.0.2.1", 1);

        Assert.Equal(0, (await rig.AskAsync("192.0.2.1")).Status);
        Assert.Equal((1, 1), (rig.View().GetProperty("banned").GetInt32(), rig.Context.Sum("filterproxy.jail.refused")));
    }

    [Fact]
    public async Task Operators_see_the_proof_set_free_and_ban()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 2, Status = 451 });
        rig.Offend("192.0.2.1", 2, "/a b\r\nc?secret=1");

        var ban = rig.View().GetProperty("bans")[0];
        Assert.Equal(("192.0.2.1", "probing", 2), (ban.GetProperty("key").GetString(), ban.GetProperty("cause").GetString(), ban.GetProperty("proof").GetArrayLength()));
        Assert.Matches(@"^\d\d:\d\d:\d\dZ probing: GET /a\?b\?\?c 404 -?\w*$", ban.GetProperty("proof")[1].GetString());

        Assert.False((await rig.RunAsync("jail_release", ("key", "192.0.2.9"))).IsDone);
        Assert.True((await rig.RunAsync("jail_release", ("key", "192.0.2.1"))).IsDone);
        Assert.Equal(0, (await rig.AskAsync("192.0.2.1")).Status);
        Assert.False((await rig.RunAsync("jail_ban", ("key", "192.0.2.7"), ("seconds", "0"))).IsDone);
        Assert.False((await rig.RunAsync("jail_ban")).IsDone);
        Assert.True((await rig.RunAsync("jail_ban", ("key", "192.0.2.7"), ("seconds", "60"))).IsDone);
        Assert.Equal((451, "60"), await rig.AskAsync("192.0.2.7"));
    }

    [Fact]
    public void What_is_written_down_is_bounded_and_nobody_who_counts_is_forgotten()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing], Max = 2, MaxKeys = 10, Per = TimeSpan.FromSeconds(10) });
        for (var i = 0; i < 10; i++)
        {
            rig.Offend($"192.0.2.{i}", 1);
        }

        rig.Offend("198.51.100.1", 2);
        Assert.Equal((0, 2), (rig.View().GetProperty("banned").GetInt32(), rig.View().GetProperty("overflows").GetInt32()));

        rig.Offend("192.0.2.3", 1);
        Assert.Equal(1, rig.View().GetProperty("banned").GetInt32());
    }

    [Fact]
    public void A_request_allocates_nothing_whether_anybody_is_banned_or_not()
    {
        using var rig = new Rig(new JailOptions { Offences = [Probing, new OffenceOptions { Name = "trap", Honeypots = ["/x"] }], Max = 1 });
        using var exchange = TestExchange.Get("/").From("192.0.2.1");
        void Ask() => _ = rig.Filter.OnRequestAsync(exchange).IsCompleted;
        Assert.Equal(0, Allocations.Of(Ask));
        rig.Offend("192.0.2.2", 1);
        Assert.Equal(0, Allocations.Of(Ask));
    }

    [ProgramFact("redis-server")]
    public async Task Instances_share_bans_and_their_end()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Create(request.Target == "/bad" ? 404 : 200));
        await using var one = await StartSharedAsync(upstream.Port, redis.Port);
        await using var two = await StartSharedAsync(upstream.Port, redis.Port);
        Assert.Equal(200, await AskAsync(two, "ada"));
        Assert.Equal(404, (await one.SendAsync("GET /bad HTTP/1.1\r\nHost: a\r\nX-User: ada\r\n\r\n")).Status);

        await Poll.UntilAsync(async () => await AskAsync(two, "ada") == 403);
        Assert.Equal((403, 200), (await AskAsync(one, "ada"), await AskAsync(two, "bob")));

        // Who comes later knows it from the first request on.
        await using var three = await StartSharedAsync(upstream.Port, redis.Port);
        Assert.Equal(403, await AskAsync(three, "ada"));

        await using var rig = await RespRig.StartAsync(RespRig.Patient, redis.Port);
        Assert.True((await rig.AskAsync("DEL", "fp:jail")).IsDone);
        await Poll.UntilAsync(async () => await AskAsync(one, "ada") == 200 && await AskAsync(two, "ada") == 200);

        static async Task<int> AskAsync(TestProxy proxy, string user) => (await proxy.SendAsync($"GET /good HTTP/1.1\r\nHost: a\r\nX-User: {user}\r\n\r\n")).Status;
    }

    [ProgramFact("redis-server")]
    public async Task What_others_write_into_redis_bans_nobody_for_ever()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, redis.Port);
        foreach (var (name, value) in ((string, string)[])[("x", "y"), ("a:zz", "99999999999999\nk\nc"), ("k:6", "1"), ("k:616461", "99999999999999\nada\nevil"), ("k:626f62", "5\nbob\nold")])
        {
            Assert.True((await rig.AskAsync("HSET", "fp:jail", name, value)).IsDone);
        }

        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartSharedAsync(upstream.Port, redis.Port);
        var answer = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-User: ada\r\n\r\n");

        Assert.Equal(403, answer.Status);
        Assert.InRange(int.Parse(answer.Headers["retry-after"]!), 1, 24 * 3600);
        Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-User: bob\r\n\r\n")).Status);
        await Poll.UntilAsync(async () => (await rig.AskAsync("HLEN", "fp:jail")).Value.Integer == 1);
    }

    [Theory]
    [InlineData("{}", "must name an offence")]
    [InlineData("{ offences: [ { name: a } ] }", "statuses, reasons, honeypots or handshakes must say what it is")]
    [InlineData("{ offences: [ { statuses: [401] } ] }", "name must not be empty")]
    [InlineData("{ offences: [ { name: a, statuses: [9xx] } ] }", "'9xx' is no status")]
    [InlineData("{ offences: [ { name: a, statuses: [500-400] } ] }", "'500-400' is no status")]
    [InlineData("{ offences: [ { name: a, honeypots: [wp] } ] }", "'wp' is no path")]
    [InlineData("{ offences: [ { name: a, statuses: [401], weight: 0 } ] }", "must be between 1 and 1000000")]
    [InlineData("{ offences: [ { name: a, statuses: [401] } ], per: 1ms }", "must be between 1s and 24h")]
    [InlineData("{ offences: [ { name: a, statuses: [401] } ], ban: 2h, max_ban: 1h }", "must be between 1s and max_ban")]
    [InlineData("{ offences: [ { name: a, statuses: [401] } ], action: challenge }", "belongs to the action 'challenge'")]
    [InlineData("{ offences: [ { name: a, statuses: [401] } ], sync: 1ms }", "must be at least 10ms")]
    [InlineData("{ offences: [ { name: a, statuses: [401] } ], never: [10.0.0.1/8] }", "10.0.0.1/8")]
    public async Task Wrong_options_are_refused_with_what_is_wrong(string options, string problem)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Direct));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAsync(int upstream, string options, TestTransport transport) =>
        TestProxy.StartAsync(upstream, transport, $"{{ filters: [ {{ jail: {options} }} ] }}", components: typeof(JailFilter));

    private static Task<TestProxy> StartSharedAsync(int upstream, int redis) => TestProxy.StartAsync(
        $$"""
        http:
          filters:
            - jail:
                offences: [ { name: bad, statuses: [404] } ]
                max: 1
                key: "%REQ(x-user)%"
                sync: 20ms
                redis: { cluster: redis, timeout: 20s, connect_timeout: 20s }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] }, redis: { endpoints: ["127.0.0.1:{{redis}}"] } }
        """,
        TestTransport.Direct,
        typeof(JailFilter));

    private sealed class Rig : IDisposable
    {
        public Rig(JailOptions options)
        {
            Context = new TestComponentContext { Clock = Time };
            Filter = new JailFilter(options, Context);
            _ = Filter.StartAsync(default).IsCompleted;
        }

        public FakeTimeProvider Time { get; } = new();

        public TestComponentContext Context { get; }

        public JailFilter Filter { get; }

        public void Offend(string address, int times, string path = "/a")
        {
            for (var i = 0; i < times; i++)
            {
                using var exchange = TestExchange.Get(path).From(address).WithResponse(404);
                Filter.OnLogging(exchange);
            }
        }

        public async Task<(int Status, string? RetryAfter)> AskAsync(string address)
        {
            using var exchange = TestExchange.Get("/").From(address);
            return await Filter.OnRequestAsync(exchange) == FilterStatus.Stop ? (exchange.Status, exchange.Response.Headers["retry-after"]) : (0, null);
        }

        public async Task<AdminOutcome> RunAsync(string action, params (string Name, string Value)[] arguments) =>
            await Filter.RunAsync(action, arguments.ToDictionary(a => a.Name, a => a.Value), default);

        public JsonElement View()
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
            {
                Filter.WriteView(writer);
            }

            return JsonDocument.Parse(stream.ToArray()).RootElement;
        }

        public void Dispose()
        {
            Filter.Dispose();
            Context.Dispose();
        }
    }
}
