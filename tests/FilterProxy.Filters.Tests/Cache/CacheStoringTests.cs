using FilterProxy.Filters.Cache;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>What is kept, and for how long it is fresh.</summary>
public sealed class CacheStoringTests
{
    [Theory]
    [InlineData("max-age=60", true)]
    [InlineData("s-maxage=60, max-age=0", true)]
    [InlineData("s-maxage=0, max-age=60", false)]
    [InlineData("max-age=60, no-store", false)]
    [InlineData("max-age=60, private", false)]
    [InlineData("max-age=60, no-cache", false)]
    [InlineData("max-age=60, private=\"x-mine\"", true)]
    [InlineData("max-age=60, no-store, must-understand", true)]
    [InlineData("x=\"max-age=60\", max-age=0", false)]
    [InlineData("max-age='60'", false)]
    [InlineData("max-age=60s", false)]
    [InlineData("", false)]
    public async Task Cache_Control_of_the_response_decides(string value, bool kept)
    {
        using var rig = new CacheRig().Answering(("cache-control", value));

        Assert.Equal(kept, await rig.IsKeptAsync());
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(404, true)]
    [InlineData(301, true)]
    [InlineData(302, false)]
    [InlineData(500, false)]
    [InlineData(206, false)]
    public async Task Default_freshness_is_for_statuses_that_may_be_kept_untold(int status, bool kept)
    {
        using var rig = new CacheRig(new CacheOptions { DefaultFreshness = TimeSpan.FromMinutes(1) });
        rig.Origin = (status, "x", []);

        Assert.Equal(kept, await rig.IsKeptAsync());
    }

    [Theory]
    [InlineData(302, true)]
    [InlineData(503, true)]
    [InlineData(206, false)]
    [InlineData(304, false)]
    public async Task Explicit_freshness_is_for_all_whole_responses(int status, bool kept)
    {
        using var rig = new CacheRig();
        rig.Origin = (status, "", [("cache-control", "max-age=60")]);

        Assert.Equal(kept, await rig.IsKeptAsync());
    }

    [Theory]
    [InlineData(10, 99, true)]
    [InlineData(10, 101, false)]
    [InlineData(0, 0, false)]
    public async Task Heuristic_freshness_is_a_part_of_the_age(int percent, int after, bool fresh)
    {
        using var rig = new CacheRig(new CacheOptions { HeuristicPercent = percent });
        rig.Answering(("date", rig.Date()), ("last-modified", rig.Date(-1000)));
        await rig.GetAsync();
        rig.Advance(after);
        await rig.GetAsync();

        Assert.Equal(fresh ? 1 : 2, rig.Asked.Count);
    }

    [Fact]
    public async Task Heuristic_freshness_has_an_upper_bound()
    {
        using var rig = new CacheRig(new CacheOptions { HeuristicMax = TimeSpan.FromSeconds(5) });
        rig.Answering(("date", rig.Date()), ("last-modified", rig.Date(-1000)));
        await rig.GetAsync();
        rig.Advance(6);
        await rig.GetAsync();

        Assert.Equal(2, rig.Asked.Count);
    }

    [Theory]
    [InlineData(59, 0, true)]
    [InlineData(60, 0, false)]
    [InlineData(20, 41, false)]
    public async Task Expires_and_Age_count(int after, int age, bool fresh)
    {
        using var rig = new CacheRig();
        rig.Answering(("date", rig.Date()), ("expires", rig.Date(60)), ("age", age.ToString()));
        await rig.GetAsync();
        rig.Advance(after);
        var answer = await rig.GetAsync();

        Assert.Equal(fresh ? 1 : 2, rig.Asked.Count);
        Assert.Equal(fresh ? (after + age).ToString() : age.ToString(), answer.Response.Headers["age"]);
    }

    [Theory]
    [InlineData("Thu, 18 Aug 2050 02:01:18 GMT", true)]
    [InlineData("THU, 18 AUG 2050 02:01:18 gmt", true)]
    [InlineData("Thursday, 18-Aug-50 02:01:18 GMT", true)]
    [InlineData("Thu Aug  8 02:01:18 2050", true)]
    [InlineData("Thu, 18 Aug 2050 02:01:18 UTC", false)]
    [InlineData("Thu, 18 Aug 50 02:01:18 GMT", false)]
    [InlineData("Thu 18 Aug 2050 02:01:18 GMT", false)]
    [InlineData("Thu, 18-Aug-2050 02:01:18 GMT", false)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public async Task Expires_is_a_date_in_one_of_three_forms_or_past(string expires, bool kept)
    {
        using var rig = new CacheRig().Answering(("expires", expires));

        Assert.Equal(kept, await rig.IsKeptAsync());
    }

    [Fact]
    public async Task A_response_without_Date_gets_that_of_its_arrival()
    {
        using var rig = new CacheRig();
        var date = rig.Date();
        await rig.GetAsync();
        rig.Advance(10);

        Assert.Equal(date, (await rig.GetAsync()).Response.Headers["date"]);
    }

    [Theory]
    [InlineData("max-age=60", "no-store", true)]
    [InlineData("no-store", "max-age=60", false)]
    [InlineData("max-age=60, &&&", "no-store", false)]
    [InlineData("max-age=\"60\"", "no-store", false)]
    public async Task A_targeted_field_replaces_Cache_Control_when_it_is_well_formed(string targeted, string general, bool kept)
    {
        using var rig = new CacheRig().Answering(("cdn-cache-control", targeted), ("cache-control", general));

        Assert.Equal(kept, await rig.IsKeptAsync());
    }

    [Fact]
    public async Task Targeted_fields_are_those_of_the_options()
    {
        using var rig = new CacheRig(new CacheOptions { TargetedFields = ["X-Cache-Control"] });
        rig.Answering(("cdn-cache-control", "max-age=60"), ("x-cache-control", "no-store"), ("cache-control", "max-age=60"));

        Assert.False(await rig.IsKeptAsync());
    }

    [Theory]
    [InlineData("max-age=60", false)]
    [InlineData("max-age=60, public", true)]
    [InlineData("s-maxage=60", true)]
    [InlineData("max-age=60, must-revalidate", true)]
    public async Task Answers_to_Authorization_are_kept_where_the_origin_says_so(string control, bool kept)
    {
        using var rig = new CacheRig().Answering(("cache-control", control));

        Assert.Equal(kept, await rig.IsKeptAsync(("authorization", "Basic eA==")));
    }

    [Theory]
    [InlineData(SetCookiePolicy.Skip, false, null)]
    [InlineData(SetCookiePolicy.Strip, true, null)]
    [InlineData(SetCookiePolicy.Store, true, "a=b")]
    public async Task Set_Cookie_is_as_the_option_says(SetCookiePolicy policy, bool kept, string? cookie)
    {
        using var rig = new CacheRig(new CacheOptions { SetCookie = policy }).Answering(("cache-control", "max-age=60"), ("set-cookie", "a=b"));

        Assert.Equal(kept, await rig.IsKeptAsync());
        if (kept)
        {
            Assert.Equal(cookie, (await rig.GetAsync()).Response.Headers["set-cookie"]);
        }
    }

    [Fact]
    public async Task Fields_named_by_no_cache_are_not_kept()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60, no-cache=\"a, b\""), ("a", "1"), ("b", "2"), ("c", "3"));
        await rig.GetAsync();
        var headers = (await rig.GetAsync()).Response.Headers;

        Assert.Equal((null, null, "3"), (headers["a"], headers["b"], headers["c"]));
    }

    [Theory]
    [InlineData("*", false)]
    [InlineData("a, *", false)]
    [InlineData("a, b", true)]
    [InlineData("a, b, c", false)]
    public async Task A_Vary_that_is_too_long_or_matches_nothing_is_not_kept(string vary, bool kept)
    {
        using var rig = new CacheRig(new CacheOptions { MaxVaryFields = 2 }).Answering(("cache-control", "max-age=60"), ("vary", vary));

        Assert.Equal(kept, await rig.IsKeptAsync());
    }

    [Fact]
    public async Task A_request_whose_varying_fields_are_oversized_is_not_kept()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("vary", "cookie"));

        Assert.False(await rig.IsKeptAsync(("cookie", new string('x', 5000))));
    }

    [Fact]
    public async Task No_more_variants_are_kept_than_the_option_says()
    {
        using var rig = new CacheRig(new CacheOptions { MaxVariants = 2 }).Answering(("cache-control", "max-age=60"), ("vary", "a"));
        foreach (var value in "123")
        {
            await rig.GetAsync("/", ("a", value.ToString()));
        }

        await rig.GetAsync("/", ("a", "3"));
        await rig.GetAsync("/", ("a", "2"));
        Assert.Equal(3, rig.Asked.Count);
        await rig.GetAsync("/", ("a", "1"));
        Assert.Equal(4, rig.Asked.Count);
    }

    [Fact]
    public async Task A_body_longer_than_max_object_passes_and_is_not_kept()
    {
        using var rig = new CacheRig(new CacheOptions { MaxObject = new ByteSize(4) });

        Assert.False(await rig.IsKeptAsync());
        Assert.Equal("hello", (await rig.GetAsync()).BodyText);
    }

    [Fact]
    public async Task A_body_that_comes_in_pieces_is_kept_whole()
    {
        using var rig = new CacheRig();
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i},"));
        rig.Origin = (200, body, rig.Origin.Fields);
        await rig.SendAsync(TestExchange.Get("/").InPiecesOf(1000));

        Assert.Equal(body, (await rig.GetAsync()).BodyText);
        Assert.Single(rig.Asked);
    }

    [Fact]
    public async Task A_body_shorter_than_was_announced_is_not_kept()
    {
        using var rig = new CacheRig().Answering(("cache-control", "max-age=60"), ("content-length", "6"));

        Assert.False(await rig.IsKeptAsync());
    }

    [Fact]
    public async Task What_is_used_stays_when_memory_is_full()
    {
        using var rig = new CacheRig(new CacheOptions { Memory = ByteSize.FromMiB(1), MaxObject = ByteSize.FromKiB(512) });
        rig.Origin = (200, new string('x', 40_000), rig.Origin.Fields);
        await rig.GetAsync("/hot");
        await rig.GetAsync("/hot");
        for (var i = 0; i < 100; i++)
        {
            await rig.GetAsync($"/{i}");
        }

        var before = rig.Asked.Count;
        await rig.GetAsync("/hot");
        Assert.Equal(before, rig.Asked.Count);
        await rig.GetAsync("/0");
        Assert.Equal(before + 1, rig.Asked.Count);
    }
}
