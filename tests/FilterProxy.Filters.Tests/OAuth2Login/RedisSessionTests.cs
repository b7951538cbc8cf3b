using System.Net;
using FilterProxy.Filters.OAuth2Login;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Two proxies that share their sessions in redis.</summary>
public sealed class RedisSessionTests : IAsyncLifetime
{
    private readonly FakeProvider _provider = new(TimeProvider.System);
    private readonly TestUpstream _upstream = TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["Authorization"] ?? "nobody"));
    private readonly List<TestProxy> _proxies = [];
    private RedisServer? _redis;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync()
    {
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        await _redis!.DisposeAsync();
        await _upstream.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_session_of_one_proxy_is_known_to_the_other_and_ends_at_both()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var session = await LogInAsync(first);
        Assert.Equal(200, (await GetAsync(second, "/", session)).Status);

        Assert.Equal(303, (await GetAsync(second, "/oauth2/logout", session)).Status);

        await Poll.UntilAsync(async () => (await GetAsync(first, "/", session)).Status == 401);
    }

    [Fact]
    public async Task A_logout_token_that_reaches_one_proxy_counts_at_both()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var session = await LogInAsync(first);
        var token = _provider.Sign(_provider.LogoutClaims());
        var form = $"logout_token={token}";

        var answer = await second.SendAsync(
            $"POST /oauth2/backchannel_logout HTTP/1.1\r\nHost: localhost\r\nContent-Length: {form.Length}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{form}");

        Assert.Equal(200, answer.Status);
        await Poll.UntilAsync(async () => (await GetAsync(first, "/", session)).Status == 401);
    }

    [Fact]
    public async Task A_refresh_token_is_used_once_among_all_proxies()
    {
        _provider.ExpiresIn = 4;
        var (first, second) = (await StartAsync(), await StartAsync());
        var session = await LogInAsync(first);
        var before = (await GetAsync(second, "/", session)).Text;

        var seen = new HashSet<string> { before };
        await Poll.UntilAsync(
            async () =>
            {
                var answers = await Task.WhenAll(GetAsync(first, "/", session), GetAsync(second, "/", session));
                Assert.All(answers, answer => Assert.Equal(200, answer.Status));
                seen.UnionWith(answers.Select(answer => answer.Text));
                return seen.Count >= 3;
            },
            TimeSpan.FromSeconds(30));

        // The provider takes each refresh token once, and says no to the next.
        Assert.DoesNotContain(_proxies.SelectMany(proxy => proxy.LogLines), line => line.Contains("invalid_grant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_holds_no_token_in_the_clear()
    {
        var session = await LogInAsync(await StartAsync());
        await using var rig = await RespRig.StartAsync(RespRig.Patient, _redis!.Port);

        var keys = (await rig.AskAsync("KEYS", "*")).Value.Items.Select(item => item.Text).ToList();
        var values = new List<string>();
        foreach (var key in keys)
        {
            values.Add((await rig.AskKeyAsync("GET", key)).Value.Text);
        }

        Assert.Single(keys, key => key.StartsWith("filterproxy:login:session:", StringComparison.Ordinal));
        Assert.DoesNotContain(
            keys.Concat(values), text => text.Contains("access-", StringComparison.Ordinal) || text.Contains(session.Split("=1")[1], StringComparison.Ordinal));

        // Not in the keys: their hexadecimal digits may spell it.
        Assert.DoesNotContain(values, text => text.Contains("ada", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, 503)]
    [InlineData(true, 200)]
    public async Task Without_redis_known_sessions_go_on_only_where_that_is_wanted(bool keep, int status)
    {
        var proxy = await StartAsync($"keep_without_redis: {(keep ? "true" : "false")}, redis_check: 0s");
        var session = await LogInAsync(proxy);
        Assert.Equal(200, (await GetAsync(proxy, "/", session)).Status);

        await _redis!.KillAsync();

        Assert.Equal(status, (await GetAsync(proxy, "/", session)).Status);
        Assert.Equal(503, (await GetAsync(proxy, "/", "__Host-session=1" + new string('x', 32))).Status);
        await _redis.StartAgainAsync();

        // It kept nothing on disk.
        await Poll.UntilAsync(async () => (await GetAsync(proxy, "/", session)).Status == 401);
    }

    [Fact]
    public async Task Redis_that_hangs_refuses_a_login_in_time()
    {
        var proxy = await StartAsync();
        var begun = await GetAsync(proxy, "/", "", "text/html");
        await _redis!.PauseAsync();

        var done = await GetAsync(proxy, "/oauth2/callback?" + _provider.Authorize(begun.Headers["Location"]!), Cookie(begun));

        Assert.Equal((503, "login_sessions_unavailable"), (done.Status, done.Headers["x-filterproxy-reason"]));
    }

    private async Task<TestProxy> StartAsync(string more = "redis_check: 100ms")
    {
        var proxy = await TestProxy.StartAsync(
            $$"""
            routes:
              - name: all
                filters:
                  - oauth2_login:
                      issuer: {{_provider.Issuer}}
                      client_id: {{FakeProvider.ClientId}}
                      client_secret: "{{FakeProvider.Secret}}"
                      relay: access_token
                      logout: { provider: false }
                      session: { place: redis, keys: ["{{LoginRig.Key}}"], redis: { cluster: redis, timeout: 2s }, {{more}} }
                cluster: origin
            clusters: { origin: { endpoints: ["127.0.0.1:{{_upstream.Port}}"] }, redis: { endpoints: ["127.0.0.1:{{_redis!.Port}}"] } }
            """,
            components: typeof(OAuth2LoginFilter));
        _proxies.Add(proxy);
        return proxy;
    }

    private async Task<string> LogInAsync(TestProxy proxy)
    {
        var begun = await GetAsync(proxy, "/", "", "text/html");
        var done = await GetAsync(proxy, "/oauth2/callback?" + _provider.Authorize(begun.Headers["Location"]!), Cookie(begun));
        Assert.Equal((int)HttpStatusCode.SeeOther, done.Status);
        return Cookie(done);
    }

    private static string Cookie(RawResponse response) =>
        response.Headers.Values("Set-Cookie").Single(field => !field.Contains("Max-Age=0", StringComparison.Ordinal)).Split(';')[0];

    private static Task<RawResponse> GetAsync(TestProxy proxy, string target, string cookie, string accept = "application/json") =>
        proxy.SendAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n{(cookie.Length > 0 ? $"Cookie: {cookie}\r\n" : "")}\r\n");
}
