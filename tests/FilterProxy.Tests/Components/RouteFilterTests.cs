using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Components;

public sealed class RouteFilterTests
{
    [Fact]
    public async Task Routes_that_change_nothing_share_the_default_instance()
    {
        await using var proxy = await StartAsync("[]", "[]");

        Assert.Equal("d1", (await GetAsync(proxy, "/a")).Headers["x-t"]);
        Assert.Equal("d2", (await GetAsync(proxy, "/b")).Headers["x-t"]);
    }

    [Fact]
    public async Task A_route_that_changes_a_field_has_an_instance_of_its_own_with_the_other_fields_inherited()
    {
        await using var proxy = await StartAsync("[ { tagger: { tag: own } } ]", "[]");

        Assert.Equal("d1", (await GetAsync(proxy, "/a")).Headers["x-own"]);
        Assert.Equal("d1", (await GetAsync(proxy, "/b")).Headers["x-t"]);
        Assert.Equal("d2", (await GetAsync(proxy, "/a")).Headers["x-own"]);
    }

    [Fact]
    public async Task A_route_removes_a_default_filter()
    {
        await using var proxy = await StartAsync("[ tagger: off ]", "[]");

        Assert.False((await GetAsync(proxy, "/a")).Headers.Contains("x-t"));
        Assert.True((await GetAsync(proxy, "/b")).Headers.Contains("x-t"));
    }

    [Fact]
    public async Task A_route_adds_a_second_instance_by_id()
    {
        await using var proxy = await StartAsync("[ { tagger/two: { text: s } } ]", "[]");

        // Responses run in reverse: what the route adds stands last in the list.
        Assert.Equal(["s1", "d1"], (await GetAsync(proxy, "/a")).Headers.Values("x-t"));
    }

    [Fact]
    public async Task Two_routes_with_the_same_change_have_instances_of_their_own()
    {
        await using var proxy = await StartAsync("[ { tagger: { text: s } } ]", "[ { tagger: { text: s } } ]");

        Assert.Equal("s1", (await GetAsync(proxy, "/a")).Headers["x-t"]);
        Assert.Equal("s1", (await GetAsync(proxy, "/b")).Headers["x-t"]);
    }

    private static Task<RawResponse> GetAsync(TestProxy proxy, string path) => proxy.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

    private static Task<TestProxy> StartAsync(string a, string b) => TestProxy.StartAsync(
        $$"""
        http: { route_filters: [ { tagger: { text: d } } ] }
        routes:
          - { name: a, match: { path: /a }, respond: { status: 200 }, filters: {{a}} }
          - { name: b, match: { path: /b }, respond: { status: 200 }, filters: {{b}} }
        clusters: {}
        """,
        TestTransport.Memory,
        typeof(Tagger));
}
