using System.Text.Json;
using FilterProxy.Filters.Cache;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>What operators may take out, and see.</summary>
public sealed class CacheAdminTests
{
    [Theory]
    [InlineData("url", "http://Example.com/a/1", 3)]
    [InlineData("url", "http://example.com/a", 4)]
    [InlineData("prefix", "http://example.com/a/", 2)]
    [InlineData("tag", "odd", 2)]
    [InlineData("tag", "none", 4)]
    [InlineData("all", "true", 0)]
    public async Task A_purge_takes_out_what_it_names(string argument, string value, int left)
    {
        using var rig = new CacheRig();
        foreach (var (path, tags) in new[] { ("/a/1", "odd one"), ("/a/2", "even"), ("/b/3", "odd"), ("/b/4", "even") })
        {
            rig.Answering(("cache-control", "max-age=60"), ("surrogate-key", tags));
            await rig.GetAsync(path);
        }

        var outcome = await rig.Filter.RunAsync("cache_purge", new Dictionary<string, string> { [argument] = value }, default);

        Assert.True(outcome.IsDone, outcome.Message);
        Assert.Equal($"{4 - left} responses taken out", outcome.Message);
        Assert.Equal(left, View(rig).GetProperty("responses").GetInt32());
    }

    [Fact]
    public async Task Tags_come_from_the_fields_of_the_options()
    {
        using var rig = new CacheRig(new CacheOptions { TagFields = ["X-Tag"] });
        rig.Answering(("cache-control", "max-age=60"), ("x-tag", "a"), ("surrogate-key", "b"));
        await rig.GetAsync();

        Assert.Equal("0 responses taken out", (await rig.Filter.RunAsync("cache_purge", new Dictionary<string, string> { ["tag"] = "b" }, default)).Message);
        Assert.Equal("1 responses taken out", (await rig.Filter.RunAsync("cache_purge", new Dictionary<string, string> { ["tag"] = "a" }, default)).Message);
    }

    [Fact]
    public async Task A_purge_of_nothing_in_particular_is_refused()
    {
        using var rig = new CacheRig();

        Assert.False((await rig.Filter.RunAsync("cache_purge", new Dictionary<string, string> { ["all"] = "yes" }, default)).IsDone);
    }

    [Fact]
    public async Task The_view_shows_what_is_kept()
    {
        using var rig = new CacheRig();
        await rig.GetAsync("/a?b");
        var view = View(rig);

        Assert.Equal((1, 64 << 20), (view.GetProperty("responses").GetInt32(), view.GetProperty("capacity").GetInt32()));
        Assert.Equal("http://example.com/a?b", view.GetProperty("first")[0].GetProperty("url").GetString());
        Assert.InRange(view.GetProperty("bytes").GetInt32(), 500, 1500);
    }

    [Fact]
    public async Task What_is_taken_out_is_no_longer_counted()
    {
        using var rig = new CacheRig();
        for (var i = 0; i < 300; i++)
        {
            await rig.GetAsync($"/{i % 7}");
            rig.Advance(61);
        }

        await rig.Filter.RunAsync("cache_purge", new Dictionary<string, string> { ["all"] = "true" }, default);

        Assert.Equal((0, 0), (View(rig).GetProperty("responses").GetInt32(), View(rig).GetProperty("bytes").GetInt32()));
    }

    private static JsonElement View(CacheRig rig)
    {
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory))
        {
            rig.Filter.WriteView(writer);
        }

        return JsonDocument.Parse(memory.ToArray()).RootElement;
    }
}
