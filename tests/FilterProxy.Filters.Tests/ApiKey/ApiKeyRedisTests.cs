using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.ApiKey;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ApiKey;

/// <summary>Keys that are in redis.</summary>
public sealed class ApiKeyRedisTests
{
    private const string Key = "fp_0123456789abcdef0123456789abcdef";
    private static readonly string Hash = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Key)))}";

    [Fact]
    public async Task A_key_that_redis_has_passes_and_is_asked_for_once()
    {
        await using var redis = new FakeRedis(words => words[1] == $"keys:{Hash}" ? Bulk("""{"id":"k7","owner":"ada","scopes":["read"]}""") : "_\r\n");
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["x-api-owner"] ?? "-"));
        await using var proxy = await StartAsync(upstream.Port, redis.Port, "redis_prefix: 'keys:', scopes: [read]");
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ada", (await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: {Key}\r\n\r\n")).Text);
        }

        Assert.Equal([$"GET keys:{Hash}"], redis.Asked);
    }

    [Theory]
    [InlineData("_\r\n", 401, "api_key_unknown")]
    [InlineData("-WRONGPASS no\r\n", 503, "api_key_unavailable")]
    [InlineData("$2\r\n{}\r\n", 503, "api_key_unavailable")]
    [InlineData("$7\r\nhunter2\r\n", 503, "api_key_unavailable")]
    public async Task What_redis_does_not_have_or_know_does_not_pass(string answer, int status, string reason)
    {
        await using var redis = new FakeRedis(_ => answer);
        await using var proxy = await StartAsync(1, redis.Port, "");
        var response = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: {Key}\r\n\r\n");
        Assert.Equal((status, reason), (response.Status, response.Headers["x-filterproxy-reason"]));
        Assert.DoesNotContain(proxy.LogLines, line => line.Contains("hunter2", StringComparison.Ordinal) || line.Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_redis_nothing_passes_but_what_is_in_the_file()
    {
        await using var proxy = await StartAsync(1, 1, $"keys: [ {{ id: a, owner: b, hash: 'sha256:{new string('0', 64)}' }} ]");
        Assert.Equal(503, (await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: {Key}\r\n\r\n")).Status);
    }

    private static string Bulk(string text) => $"${text.Length}\r\n{text}\r\n";

    private static Task<TestProxy> StartAsync(int port, int redis, string options) => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { api_key: { redis: { cluster: redis, timeout: 20s, connect_timeout: 20s }{{(options.Length > 0 ? ", " + options : "")}} } } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{port}}"] }, redis: { endpoints: ["127.0.0.1:{{redis}}"] } }
        """,
        TestTransport.Direct,
        typeof(ApiKeyFilter));
}
