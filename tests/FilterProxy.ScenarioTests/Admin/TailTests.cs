using System.Text.Json.Nodes;
using FilterProxy.Core.Pipeline;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>Following exchanges as they end.</summary>
public sealed class TailTests
{
    private const string Routes = "routes: [ { name: a, match: { path: /a }, respond: {} }, { name: b, match: { path: /b }, respond: {} } ]";

    [Theory]
    [InlineData("/tail", "/a,/b,/none")]
    [InlineData("/tail?errors=true", "/none")]
    [InlineData("/tail?route=b", "/b")]
    public async Task Who_follows_sees_what_it_asked_for(string tail, string expected)
    {
        await using var admin = await AdminProxy.StartAsync(Routes);
        using var lines = await FollowAsync(admin, tail);

        foreach (var path in new[] { "/a", "/b", "/none" })
        {
            await admin.Proxy.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        foreach (var path in expected.Split(','))
        {
            Assert.Equal(path, (string?)JsonNode.Parse((await lines.ReadLineAsync())!)!["path"]);
        }
    }

    [Fact]
    public async Task A_follower_that_leaves_is_forgotten()
    {
        await using var admin = await AdminProxy.StartAsync(Routes);
        var watch = admin.Proxy.Engine.Services.Watch;
        (await FollowAsync(admin, "/tail")).Dispose();

        // It is noticed when something is written.
        await Poll.UntilAsync(async () =>
        {
            await admin.Proxy.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
            return !watch.IsFollowed;
        });
    }

    [Fact]
    public async Task Only_so_many_follow_at_a_time()
    {
        await using var admin = await AdminProxy.StartAsync(Routes);
        var watch = admin.Proxy.Engine.Services.Watch;
        var followers = Enumerable.Range(0, ExchangeWatch.MostFollowers).Select(_ => watch.TryFollow(false, null)!).ToList();

        using var refused = await admin.Http.GetAsync("/tail");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refused.StatusCode);

        followers[0].Dispose();
        using var lines = await FollowAsync(admin, "/tail");
    }

    [Fact]
    public async Task A_follower_that_does_not_read_misses_exchanges_and_holds_none_up()
    {
        await using var admin = await AdminProxy.StartAsync(Routes);
        using var follower = admin.Proxy.Engine.Services.Watch.TryFollow(false, null)!;
        await using var client = await admin.Proxy.ConnectAsync();

        for (var i = 0; i < 1100; i++)
        {
            await client.RoundTripAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        // The last is written when its client has its response already.
        var queued = 0;
        long missed = 0;
        await Poll.UntilAsync(() =>
        {
            for (; follower.Records.TryRead(out _); queued++)
            {
            }

            missed += follower.TakeMissed();
            return queued + missed >= 1100;
        });
        Assert.Equal(1100, queued + missed);

        // As many as the queue holds, and the last, for which the first look may have made room.
        Assert.InRange(queued, 1, 1025);
    }

    [Fact]
    public async Task In_a_flood_of_failures_some_are_counted_only()
    {
        await using var admin = await AdminProxy.StartAsync("routes: [ { match: { path: /a }, respond: {} } ]");
        await using var client = await admin.Proxy.ConnectAsync();

        for (var i = 0; i < 1000; i++)
        {
            await client.RoundTripAsync("GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        var (records, skipped) = admin.Proxy.Engine.Services.Watch.Errors.Read();
        Assert.InRange(records.Count, 100, 200);
        Assert.InRange(skipped, 0, 900);
    }

    [Fact]
    public async Task What_clients_get_wrong_does_not_push_out_what_upstreams_do()
    {
        using var dead = new DeadPort();
        await using var admin = await AdminProxy.StartAsync($$"""
            routes: [ { name: down, match: { path: /down }, cluster: origin } ]
            clusters: { origin: { endpoints: [ "127.0.0.1:{{dead.Port}}" ] } }
            """);
        await admin.Proxy.SendAsync("GET /down HTTP/1.1\r\nHost: x\r\n\r\n");
        await using var client = await admin.Proxy.ConnectAsync();

        for (var i = 0; i < 500; i++)
        {
            await client.RoundTripAsync("GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        Assert.Contains(admin.Proxy.Engine.Services.Watch.Errors.Read().Records, record => record.Reason == "connect_failed");
    }

    private static async Task<StreamReader> FollowAsync(AdminProxy admin, string path)
    {
        var response = await admin.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }
}
