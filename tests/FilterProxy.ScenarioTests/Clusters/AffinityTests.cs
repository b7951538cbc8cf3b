using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Clusters;

/// <summary>Clients that keep to the endpoint they began with, and requests that keep to their cluster.</summary>
public sealed class AffinityTests : Scenario
{
    private const string Key = "key: 0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task A_client_stays_where_its_cookie_says()
    {
        await using var farm = new Farm(3);
        await using var proxy = await farm.StartAsync($"affinity: {{ cookie: at, {Key} }}");
        for (var i = 0; i < 6; i++)
        {
            var first = await proxy.SendAsync(Get);
            var cookie = first.Headers["set-cookie"]!;
            Assert.Matches("^at=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax$", cookie);
            for (var k = 0; k < 5; k++)
            {
                var again = await proxy.SendAsync(With("Cookie", "a=b; " + cookie.Split(';')[0]));
                Assert.Equal(first.Text, again.Text);
                Assert.Null(again.Headers["set-cookie"]);
            }
        }
    }

    [Fact]
    public async Task A_cookie_has_the_attributes_that_were_written()
    {
        await using var farm = new Farm(1);
        await using var proxy = await farm.StartAsync($"affinity: {{ cookie: at, ttl: 1h, path: /app, secure: always, http_only: false, same_site: none, {Key} }}");
        Assert.EndsWith("; Path=/app; Max-Age=3600; SameSite=None; Secure", (await proxy.SendAsync(Get)).Headers["set-cookie"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_TLS_a_cookie_is_for_TLS_only()
    {
        await using var farm = new Farm(1);
        await using var proxy = await farm.StartAsync($"affinity: {{ cookie: at, {Key} }}", TestTransport.Tls);
        Assert.EndsWith("; Secure", (await proxy.SendAsync(Get)).Headers["set-cookie"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cookie_that_is_not_ours_chooses_nothing()
    {
        await using var farm = new Farm(2);
        await using var proxy = await farm.StartAsync($"load_balancer: round_robin, affinity: {{ cookie: at, {Key} }}");
        var forged = With("Cookie", "at=AAAAAAAAAAAAAAAAAAAAAA");
        var first = await proxy.SendAsync(forged);
        Assert.NotEqual(first.Text, (await proxy.SendAsync(forged)).Text);
        Assert.NotNull(first.Headers["set-cookie"]);
    }

    [Theory]
    [InlineData("another", 200)]
    [InlineData("refuse", 503)]
    public async Task A_client_whose_endpoint_is_gone_gets_what_was_written(string whenGone, int status)
    {
        await using var farm = new Farm(2);
        await using var proxy = await farm.StartAsync($"affinity: {{ header: X-Session, when_gone: {whenGone}, {Key} }}");
        var first = await proxy.SendAsync(Get);
        var token = first.Headers["x-session"]!;
        var cluster = proxy.Engine.Snapshot!.Clusters["origin"];
        Assert.True(cluster.Health.TryEject(cluster.Endpoints[int.Parse(first.Text)], "a test", new OutlierRules()));
        await Poll.UntilAsync(async () =>
        {
            var response = await proxy.SendAsync(With("X-Session", token));
            return response.Status == status && (status == 503 || (response.Text != first.Text && response.Headers["x-session"] != token));
        });
    }

    [Fact]
    public async Task By_hash_the_same_key_has_the_same_endpoint_and_the_client_is_told_nothing()
    {
        await using var farm = new Farm(4);
        await using var one = await farm.StartAsync("affinity: { hash: \"%REQ(x-user)%\" }");
        await using var two = await farm.StartAsync("affinity: { hash: \"%REQ(x-user)%\" }");
        var seen = new HashSet<string>();
        for (var user = 0; user < 40; user++)
        {
            var first = await one.SendAsync(With("x-user", $"user-{user}"));
            Assert.Equal(first.Text, (await two.SendAsync(With("x-user", $"user-{user}"))).Text);
            Assert.Null(first.Headers["set-cookie"]);
            seen.Add(first.Text);
        }

        Assert.Equal(4, seen.Count);
    }

    [Theory]
    [InlineData("another", 200)]
    [InlineData("refuse", 503)]
    public async Task By_hash_a_client_whose_endpoint_is_gone_gets_what_was_written_and_the_others_stay(string whenGone, int status)
    {
        await using var farm = new Farm(3);
        await using var proxy = await farm.StartAsync($"affinity: {{ hash: \"%REQ(x-user)%\", when_gone: {whenGone} }}");
        var homes = new Dictionary<string, string>();
        for (var user = 0; user < 20; user++)
        {
            homes[$"user-{user}"] = (await proxy.SendAsync(With("x-user", $"user-{user}"))).Text;
        }

        var cluster = proxy.Engine.Snapshot!.Clusters["origin"];
        var gone = homes["user-0"];
        Assert.True(cluster.Health.TryEject(cluster.Endpoints[int.Parse(gone)], "a test", new OutlierRules()));
        foreach (var (user, home) in homes)
        {
            var response = await proxy.SendAsync(With("x-user", user));
            Assert.Equal(home == gone ? status : 200, response.Status);
            Assert.Equal(home != gone, response.Text == home);

            // Where it goes instead it stays as well.
            Assert.Equal(response.Text, (await proxy.SendAsync(With("x-user", user))).Text);
        }
    }

    [Fact]
    public async Task A_drained_endpoint_keeps_its_clients_and_gets_no_new_ones()
    {
        await using var farm = new Farm(2);
        await using var proxy = await farm.StartAsync($"load_balancer: round_robin, affinity: {{ header: x-session, {Key} }}");
        var own = await proxy.SendAsync(Get);
        Say(proxy, own.Text, EndpointMode.Draining);

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(own.Text, (await proxy.SendAsync(With("x-session", own.Headers["x-session"]!))).Text);
            Assert.NotEqual(own.Text, (await proxy.SendAsync(Get)).Text);
        }
    }

    [Theory]
    [InlineData("another", 200)]
    [InlineData("refuse", 503)]
    public async Task One_in_maintenance_gets_not_even_its_own_clients(string whenGone, int status)
    {
        await using var farm = new Farm(2);
        await using var proxy = await farm.StartAsync($"load_balancer: round_robin, affinity: {{ header: x-session, when_gone: {whenGone}, {Key} }}");
        var own = await proxy.SendAsync(Get);
        var token = own.Headers["x-session"]!;
        Say(proxy, own.Text, EndpointMode.Maintenance);

        for (var i = 0; i < 4; i++)
        {
            var response = await proxy.SendAsync(With("x-session", token));
            Assert.Equal(status, response.Status);
            Assert.NotEqual(own.Text, response.Text);
        }

        Say(proxy, own.Text, EndpointMode.Active);
        Assert.Equal(own.Text, (await proxy.SendAsync(With("x-session", token))).Text);
    }

    [Fact]
    public async Task Two_proxies_with_one_key_send_a_client_to_the_same_endpoint()
    {
        await using var farm = new Farm(4);
        await using var one = await farm.StartAsync($"affinity: {{ header: x-session, {Key} }}");
        await using var two = await farm.StartAsync($"affinity: {{ header: x-session, {Key} }}");
        var first = await one.SendAsync(Get);
        Assert.Equal(first.Text, (await two.SendAsync(With("x-session", first.Headers["x-session"]!))).Text);
    }

    [Theory]
    [InlineData("X-Canary", "1", "canary")]
    [InlineData("X-Canary", "2", "stable")]
    [InlineData("Cookie", "beta=yes; x=y", "canary2")]
    public async Task A_request_that_fits_goes_to_its_cluster_whatever_the_weights(string header, string value, string expected)
    {
        await using var farm = new Farm(3);
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes:
              - name: all
                clusters:
                  - { cluster: stable, weight: 1 }
                  - { cluster: canary, weight: 0, when: { "%REQ(x-canary)%": "1" } }
                  - { cluster: canary2, weight: 0, when: { "%COOKIE(beta)%": "yes", "%METHOD%": GET } }
            clusters:
              stable: { endpoints: ["127.0.0.1:{{farm.Port(0)}}"] }
              canary: { endpoints: ["127.0.0.1:{{farm.Port(1)}}"] }
              canary2: { endpoints: ["127.0.0.1:{{farm.Port(2)}}"] }
            """);
        var names = new[] { "stable", "canary", "canary2" };
        Assert.Equal(expected, names[int.Parse((await proxy.SendAsync(With(header, value))).Text)]);
    }

    [Fact]
    public async Task What_is_split_by_a_key_keeps_to_its_cluster_and_to_the_weights()
    {
        await using var farm = new Farm(2);
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, split_by: "%REQ(x-user)%", clusters: [ { cluster: a, weight: 3 }, { cluster: b } ] } ]
            clusters:
              a: { endpoints: ["127.0.0.1:{{farm.Port(0)}}"] }
              b: { endpoints: ["127.0.0.1:{{farm.Port(1)}}"] }
            """);
        await using var client = await proxy.ConnectAsync();
        var inA = 0;
        for (var user = 0; user < 200; user++)
        {
            var first = (await client.RoundTripAsync(With("x-user", $"user-{user}"))).Text;
            Assert.Equal(first, (await client.RoundTripAsync(With("x-user", $"user-{user}"))).Text);
            inA += first == "0" ? 1 : 0;
        }

        Assert.InRange(inA, 120, 180);
    }

    private static void Say(TestProxy proxy, string number, EndpointMode mode)
    {
        var cluster = proxy.Engine.Snapshot!.Clusters["origin"];
        cluster.Controls.Change("origin", cluster.Known[int.Parse(number)].Name, control => control with { Mode = mode });
        cluster.TakeControls();
    }

    private static string With(string header, string value) => $"GET / HTTP/1.1\r\nHost: a\r\n{header}: {value}\r\n\r\n";

    /// <summary>Upstreams that answer with their number.</summary>
    private sealed class Farm : IAsyncDisposable
    {
        private readonly TestUpstream[] _upstreams;

        public Farm(int count) => _upstreams = [.. Enumerable.Range(0, count).Select(i => TestUpstream.Start(_ => UpstreamResponse.Create(200, i.ToString())))];

        public int Port(int upstream) => _upstreams[upstream].Port;

        public Task<TestProxy> StartAsync(string cluster, TestTransport transport = TestTransport.Sockets) => TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { {{cluster}}, endpoints: [{{string.Join(", ", _upstreams.Select(upstream => $"\"127.0.0.1:{upstream.Port}\""))}}] } }
            """,
            transport);

        public async ValueTask DisposeAsync()
        {
            foreach (var upstream in _upstreams)
            {
                await upstream.DisposeAsync();
            }
        }
    }
}
