using System.Text;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.RateLimit;
using Xunit;

namespace FilterProxy.Filters.Tests.RateLimit;

/// <summary>The table of keys: bounded, exact, and never a free pass.</summary>
public sealed class KeyTableTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    [Fact]
    public void A_key_that_counts_is_never_pushed_out()
    {
        var table = Table(10, rate: 5);
        foreach (var i in Enumerable.Range(0, 10))
        {
            Assert.Equal(5, Count(table, $"{i}", 0));
        }

        foreach (var i in Enumerable.Range(0, 1000))
        {
            Take(table, $"other{i}", 1);
        }

        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(0, Count(table, $"{i}", 2)));
        Assert.Equal(10, table.Count);
    }

    [Fact]
    public void New_keys_without_room_share_one_allowance()
    {
        var table = Table(10, rate: 5);
        Enumerable.Range(0, 10).ToList().ForEach(i => Take(table, $"{i}", 0));

        Assert.Equal(5, Enumerable.Range(0, 100).Count(i => Take(table, $"new{i}", 0).IsAllowed));
        Assert.Equal(100, table.Overflows);
    }

    [Fact]
    public void New_keys_without_room_are_refused_where_that_is_wanted()
    {
        var table = Table(10, rate: 5);
        Enumerable.Range(0, 10).ToList().ForEach(i => Take(table, $"{i}", 0));

        Assert.DoesNotContain(Enumerable.Range(0, 100), i => Take(table, $"new{i}", 0, whenFull: FullTable.Refuse).IsAllowed);
    }

    [Fact]
    public void A_key_of_which_nothing_counts_any_more_makes_room()
    {
        var table = Table(10, rate: 5);
        Enumerable.Range(0, 10).ToList().ForEach(i => Take(table, $"{i}", 0));

        Assert.Equal(5, Count(table, "late", 2 * Second));
        Assert.Equal((10, 1, 0), (table.Count, table.Reused, table.Overflows));
    }

    [Fact]
    public void A_spray_of_keys_stays_bounded_and_is_held_back()
    {
        var table = Table(4096, rate: 2);
        var passed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            passed += Take(table, new KeyId((ulong)i << 16, 0, true), 0).IsAllowed ? 1 : 0;
        }

        // One each for those with room, and two for all the others; four shards fill at about the same time.
        Assert.InRange(passed, 4000, 4098);
        Assert.InRange(table.Count, 4000, 4096);
    }

    [Fact]
    public void Many_at_once_are_counted_exactly()
    {
        var table = Table(10_000, rate: 1000);
        var passed = 0;
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 8_000; i++)
            {
                if (Take(table, $"{i % 4}", 0).IsAllowed)
                {
                    Interlocked.Increment(ref passed);
                }
            }
        });

        Assert.Equal(4000, passed);
    }

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.FixedWindow)]
    [InlineData(RateAlgorithm.SlidingLog)]
    public void Other_rules_keep_what_was_counted(RateAlgorithm algorithm)
    {
        var table = Table(100, rate: 10);
        Assert.Equal(4, Enumerable.Range(0, 4).Count(_ => Take(table, "a", 0).IsAllowed));

        table.Use(Meter.Create(new LimitOptions { Rate = 6, Per = TimeSpan.FromMinutes(1), Algorithm = algorithm }, 1), 0);

        Assert.Equal(2, Count(table, "a", 0));
        Assert.Equal(6, Count(table, "b", 0));
    }

    [Fact]
    public void A_table_of_another_size_takes_over_what_was_counted()
    {
        var small = Table(10, rate: 10);
        Assert.Equal(4, Enumerable.Range(0, 4).Count(_ => Take(small, "a", 0).IsAllowed));
        var large = Table(100_000, rate: 10);

        large.CopyFrom(small, 0);

        Assert.Equal(6, Count(large, "a", 0));
    }

    [Fact]
    public void A_key_that_is_reset_begins_anew()
    {
        var table = Table(10, rate: 3);
        Assert.Equal(3, Count(table, "a", 0));
        Assert.True(table.Reset(Id("a")));
        Assert.False(table.Reset(Id("b")));
        Assert.Equal(3, Count(table, "a", 0));
        Assert.Equal(1, table.ResetAll());
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_million_keys_take_less_than_128_MB()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var table = Table(1_000_000, rate: 3);
        for (var i = 0; i < 1_000_000; i++)
        {
            Take(table, new KeyId((ulong)i, 1, false), 0);
        }

        // All that was ever allocated for it: what it keeps cannot be more.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 80_000_000, 128_000_000);
        Assert.InRange(table.Count, 980_000, 1_000_000);
    }

    [Fact]
    public void Any_order_of_keys_coming_and_going_is_counted_as_in_a_plain_dictionary()
    {
        const int Seed = 3;
        var random = new Random(Seed);
        var table = Table(64, rate: 3);
        var model = new Dictionary<int, int>();
        for (var i = 0; i < 50_000; i++)
        {
            var key = random.Next(60);
            if (random.Next(10) == 0)
            {
                Assert.Equal((Seed, i, model.Remove(key)), (Seed, i, table.Reset(Id($"{key}"))));
            }
            else
            {
                var used = model.GetValueOrDefault(key);
                Assert.Equal((Seed, i, used < 3), (Seed, i, Take(table, $"{key}", 0).IsAllowed));
                model[key] = Math.Min(3, used + 1);
            }
        }

        Assert.Equal(model.Count, table.Count);
    }

    private static KeyTable Table(int capacity, long rate) =>
        new(Meter.Create(new LimitOptions { Rate = rate, Algorithm = RateAlgorithm.FixedWindow }, 1), capacity);

    private static KeyId Id(string key) => KeyReader.OfBytes(Encoding.UTF8.GetBytes(key));

    private static int Count(KeyTable table, string key, long now) => Enumerable.Range(0, 50).Count(_ => Take(table, key, now).IsAllowed);

    private static Verdict Take(KeyTable table, string key, long now, FullTable whenFull = FullTable.Share) =>
        table.Take(Id(key), Encoding.UTF8.GetBytes(key), 1, now, CountMode.Whole, whenFull);

    private static Verdict Take(KeyTable table, KeyId id, long now) => table.Take(id, default, 1, now, CountMode.Whole, FullTable.Share);
}
