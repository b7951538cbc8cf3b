using FilterProxy.Filters.RateLimit;
using Xunit;

namespace FilterProxy.Filters.Tests.RateLimit;

/// <summary>The arithmetic of each kind of limit.</summary>
public sealed class MeterTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    public static TheoryData<RateAlgorithm> Algorithms => [.. Enum.GetValues<RateAlgorithm>()];

    [Fact]
    public void A_token_bucket_lets_a_burst_through_and_then_the_rate()
    {
        var key = new Key(new LimitOptions { Rate = 10, Burst = 5 });

        Assert.Equal(5, key.CountAt(0, 20));
        Assert.Equal(new Verdict(false, 0, Second / 2, Second / 10), key.Take(0));
        Assert.Equal(0, key.CountAt((Second / 10) - 1, 1));
        Assert.Equal(1, key.CountAt(Second / 10, 5));
        Assert.Equal(5, key.CountAt(10 * Second, 20));
    }

    [Fact]
    public void Gcra_lets_requests_through_at_even_distances()
    {
        var key = new Key(new LimitOptions { Rate = 4, Algorithm = RateAlgorithm.Gcra });

        Assert.Equal(1, key.CountAt(0, 3));
        Assert.Equal(0, key.CountAt((Second / 4) - 1, 3));
        Assert.Equal(1, key.CountAt(Second / 4, 3));
        Assert.Equal(1, key.CountAt(Second, 3));
    }

    [Fact]
    public void A_leaky_bucket_makes_requests_wait_in_a_row_and_refuses_beyond_the_bound()
    {
        var key = new Key(new LimitOptions { Rate = 10, Burst = 100, Algorithm = RateAlgorithm.LeakyBucket, MaxDelay = TimeSpan.FromMilliseconds(250) });

        Assert.Equal([0, Second / 10, Second / 5], Enumerable.Range(0, 3).Select(_ => key.Take(0)).Select(v => v.IsAllowed ? v.Wait : -1));
        Assert.Equal((false, Second / 20), (key.Take(0).IsAllowed, key.Take(0).Wait));
        Assert.Equal(Second / 4, key.Take(Second / 20).Wait);
    }

    [Fact]
    public void A_fixed_window_begins_with_the_first_request()
    {
        var key = new Key(new LimitOptions { Rate = 3, Algorithm = RateAlgorithm.FixedWindow });

        Assert.Equal(3, key.CountAt(Second / 2, 5));
        Assert.Equal(new Verdict(false, 0, Second / 10, Second / 10), key.Take((Second * 14) / 10));
        Assert.Equal(3, key.CountAt((Second * 15) / 10, 5));
    }

    [Fact]
    public void A_sliding_window_counts_the_rest_of_the_window_before()
    {
        var key = new Key(new LimitOptions { Rate = 10, Algorithm = RateAlgorithm.SlidingWindow });

        Assert.Equal(10, key.CountAt(0, 20));
        Assert.Equal(0, key.CountAt(Second, 20));
        Assert.Equal(5, key.CountAt(Second * 3 / 2, 20));
        Assert.Equal(10, key.CountAt(Second * 10, 20));
    }

    [Fact]
    public void A_sliding_log_never_lets_more_through_in_any_window()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        var key = new Key(new LimitOptions { Rate = 5, Algorithm = RateAlgorithm.SlidingLog });
        var passed = new List<long>();
        long now = 0;
        for (var i = 0; i < 20_000; i++)
        {
            now += random.Next((int)(Second / 4));
            var due = passed.Count(at => now - at < Second) < 5;
            Assert.Equal((Seed, i, due), (Seed, i, key.Take(now).IsAllowed));
            if (due)
            {
                passed.Add(now);
                passed.RemoveAll(at => now - at >= Second);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void In_the_long_run_the_rate_holds_exactly(RateAlgorithm algorithm)
    {
        var key = new Key(new LimitOptions { Rate = 7, Per = TimeSpan.FromSeconds(3), Algorithm = algorithm, MaxDelay = TimeSpan.Zero });
        var count = 0;
        for (long now = 0; now < 3000 * Second; now += Second / 100)
        {
            count += key.Take(now).IsAllowed ? 1 : 0;
        }

        // At the start a bucket holds one burst more; asked every 10 ms, even distances are a little longer. A sliding window that is used up counts its
        // last request into the next one.
        Assert.InRange(count, algorithm == RateAlgorithm.SlidingWindow ? 5_990 : 6_970, 7_007);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Who_comes_back_after_the_wait_is_let_in(RateAlgorithm algorithm)
    {
        const int Seed = 11;
        var random = new Random(Seed);
        var key = new Key(new LimitOptions { Rate = 9, Per = TimeSpan.FromSeconds(2), Algorithm = algorithm });
        long now = 0;
        for (var i = 0; i < 2000; i++)
        {
            now += random.Next((int)(Second / 5));
            var verdict = key.Take(now);
            if (!verdict.IsAllowed)
            {
                Assert.InRange(verdict.Wait, 1, 4 * Second);
                now += verdict.Wait;
                var again = key.Take(now);

                // A sliding window turns between: then what is left of the one before counts again.
                Assert.True(again.IsAllowed || algorithm == RateAlgorithm.SlidingWindow, $"seed {Seed}, {i}: {verdict} {again}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void What_is_given_back_can_be_taken_again(RateAlgorithm algorithm)
    {
        var key = new Key(new LimitOptions { Rate = 3, Algorithm = algorithm, MaxDelay = TimeSpan.FromMinutes(1) });
        var most = key.CountAt(0, 10);
        Assert.False(key.Take(0).IsAllowed);

        key.Return(1);

        Assert.True(key.Take(0).IsAllowed);
        Assert.False(key.Take(0).IsAllowed);
        Assert.Equal(algorithm == RateAlgorithm.Gcra ? 1 : 3, most);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_clock_that_goes_back_gives_nothing_away_and_stops_nothing(RateAlgorithm algorithm)
    {
        var key = new Key(new LimitOptions { Rate = 3, Algorithm = algorithm });
        key.CountAt(100 * Second, 10);

        Assert.Equal(0, key.CountAt(0, 10));
        Assert.True(key.CountAt(103 * Second, 10) > 0);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void The_largest_numbers_overflow_nothing(RateAlgorithm algorithm)
    {
        const int Seed = 20251121;
        var random = new Random(Seed);
        long[] times = [0, 1, Second, long.MaxValue / 2, long.MaxValue - 1];
        for (var i = 0; i < 2000; i++)
        {
            var isLog = algorithm == RateAlgorithm.SlidingLog;
            var options = new LimitOptions
            {
                Rate = random.Next(3) switch { 0 => 1, 1 => isLog ? 10_000 : 1_000_000_000, _ => random.Next(1, 10_000) },
                Per = random.Next(3) switch { 0 => TimeSpan.FromMilliseconds(1), 1 => TimeSpan.FromDays(31), _ => TimeSpan.FromTicks(random.NextInt64(10_000, TimeSpan.TicksPerDay)) },
                Burst = algorithm is RateAlgorithm.TokenBucket or RateAlgorithm.LeakyBucket or RateAlgorithm.Gcra && random.Next(2) == 0 ? 1_000_000_000 : null,
                Algorithm = algorithm,
            };
            var key = new Key(options, random.Next(2) == 0 ? 1 : 10_000);
            foreach (var now in times)
            {
                foreach (var cost in (long[])[1, key.Meter.Capacity, long.MaxValue])
                {
                    var (verdict, used) = (key.Take(now, cost, random.Next(2) == 0), key.Used(now));
                    Assert.True(
                        verdict is { Remaining: >= 0, Reset: >= 0, Wait: >= 0 } && used >= 0 && used <= key.Meter.Capacity && (cost < long.MaxValue || !verdict.IsAllowed),
                        $"seed {Seed}, round {i}, {options}, {now}, {cost}: {verdict}, {used}");
                }

                key.Return(long.MaxValue);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Instances_have_their_parts_of_a_limit(RateAlgorithm algorithm)
    {
        var options = new LimitOptions { Rate = 30, Algorithm = algorithm, Burst = algorithm == RateAlgorithm.Gcra ? 30 : null, MaxDelay = TimeSpan.FromMinutes(1) };
        var key = new Key(options, instances: 3);
        Assert.Equal(10, Enumerable.Range(0, 100).Count(_ => key.Take(0, share: true).IsAllowed));
        Assert.Equal(10, Enumerable.Range(0, 100).Count(_ => key.Take(2 * Second, share: true).IsAllowed));
    }

    /// <summary>A key on its own.</summary>
    private sealed class Key(LimitOptions options, int instances = 1)
    {
        private KeyEntry _entry;
        private long[]? _log;

        public Meter Meter { get; } = Meter.Create(options, instances);

        public Verdict Take(long now, long cost = 1, bool share = false) => Meter.Take(ref _entry, ref _log, cost, now, share);

        public int CountAt(long now, int requests) => Enumerable.Range(0, requests).Count(_ => Take(now) is { IsAllowed: true });

        public long Used(long now) => Meter.UsedBy(ref _entry, _log, now);

        public void Return(long cost) => Meter.Return(ref _entry, _log, cost);
    }
}
