using FilterProxy.Core.Overload;
using FilterProxy.Core.Telemetry;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Overload;

public sealed class ExchangeGateTests
{
    private const RequestPriority Low = RequestPriority.Low, Normal = RequestPriority.Normal, High = RequestPriority.High;
    private readonly FakeTimeProvider _time = new();
    private readonly ExchangeGate _gate;

    public ExchangeGateTests()
    {
        // A clock that began long ago, as real ones did.
        _time.Advance(TimeSpan.FromHours(1));
        _gate = new ExchangeGate(_time);
        Apply(max: 1);
    }

    [Fact]
    public void There_are_as_many_places_as_the_limit_says()
    {
        Apply(max: 3);

        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => _gate.TryEnter()));
        _gate.Leave();
        Assert.True(_gate.TryEnter());
    }

    [Fact]
    public async Task Places_that_come_free_go_to_higher_priorities_first_and_then_in_order()
    {
        Assert.True(_gate.TryEnter());
        var order = new List<string>();
        var waits = new List<Task>();
        foreach (var (priority, name) in new[] { (Low, "low"), (Normal, "first"), (High, "high"), (Normal, "second") })
        {
            waits.Add(NoteAsync(Enter(priority), name));
        }

        for (var i = 0; i < 4; i++)
        {
            _gate.Leave();
            await Poll.UntilAsync(() => order.Count == i + 1);
        }

        Assert.Equal(["high", "first", "second", "low"], order);
        Assert.Equal((1, 0), (_gate.Active, _gate.Waiting));

        async Task NoteAsync(Task<Limit?> wait, string name)
        {
            Assert.Equal(Limit.None, await wait);
            order.Add(name);
        }
    }

    [Fact]
    public async Task A_full_queue_refuses_the_next_and_takes_one_of_a_higher_priority_in_the_place_of_the_last_of_the_lowest()
    {
        Apply(max: 1, size: 2);
        Assert.True(_gate.TryEnter());
        var low = Enter(Low);
        var normal = Enter(Normal);

        Assert.Equal(Limit.OverloadQueueSize, await Enter(Low));
        var high = Enter(High);

        Assert.Equal(Limit.OverloadQueueSize, await low);
        Assert.False(normal.IsCompleted || high.IsCompleted);
        Assert.Equal(2, _gate.Waiting);
        Assert.Equal(Limit.OverloadQueueSize, await Enter(Low));
        var second = Enter(High);
        Assert.Equal(Limit.OverloadQueueSize, await normal);
        Assert.Equal(Limit.OverloadQueueSize, await Enter(High));
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task Without_a_queue_a_request_is_refused_at_once()
    {
        Apply(max: 1, size: 0);
        Assert.True(_gate.TryEnter());

        Assert.Equal(Limit.OverloadQueueSize, await Enter(High));
        Assert.Equal((1, 0), (_gate.Active, _gate.Waiting));
    }

    [Fact]
    public async Task Who_waits_longer_than_the_deadline_is_refused_whatever_its_priority()
    {
        Assert.True(_gate.TryEnter());
        var high = Enter(High);
        _time.Advance(TimeSpan.FromSeconds(4));
        var later = Enter(Normal);
        Assert.Equal(TimeSpan.FromSeconds(4), _gate.Sweep());

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(1), _gate.Sweep());
        Assert.Equal(Limit.OverloadQueueDeadline, await high);
        Assert.False(later.IsCompleted);
    }

    [Fact]
    public async Task A_burst_that_a_queue_takes_up_is_served_in_full()
    {
        // One long wait at the end of an interval in which somebody was lucky is no standing queue.
        Assert.True(_gate.TryEnter());
        var waits = Enumerable.Range(0, 20).Select(_ => Enter(Normal)).ToList();
        foreach (var wait in waits)
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
            _gate.Leave();
            Assert.Equal(Limit.None, await wait);
        }
    }

    [Fact]
    public async Task A_queue_that_stands_for_an_interval_refuses_who_waited_longer_than_the_target_and_serves_newcomers()
    {
        var outcomes = await StandAsync();

        Assert.Equal(Enumerable.Repeat<Limit?>(Limit.None, 5), outcomes[..^3]);
        Assert.Equal([Limit.OverloadQueueTarget, Limit.OverloadQueueTarget, Limit.None], outcomes[^3..]);
    }

    [Fact]
    public async Task High_priority_waits_out_a_queue_that_stands()
    {
        await StandAsync();
        var (normal, high) = (Enter(Normal), Enter(High));
        _time.Advance(TimeSpan.FromMilliseconds(100));

        _gate.Leave();
        Assert.Equal(Limit.None, await high);
        _gate.Leave();
        Assert.Equal(Limit.OverloadQueueTarget, await normal);
    }

    [Fact]
    public async Task A_queue_stands_no_more_once_it_was_empty()
    {
        await StandAsync();
        _gate.Leave();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(_gate.TryEnter());

        var wait = Enter(Normal);
        _time.Advance(TimeSpan.FromMilliseconds(90));
        _gate.Leave();

        Assert.Equal(Limit.None, await wait);
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_queue_and_takes_no_place()
    {
        Assert.True(_gate.TryEnter());
        using var gone = new CancellationTokenSource();
        var wait = _gate.EnterAsync(Normal, gone.Token).AsTask();

        await gone.CancelAsync();

        Assert.Null(await wait);
        Assert.Equal(0, _gate.Waiting);
        _gate.Leave();
        Assert.Equal(0, _gate.Active);
    }

    [Fact]
    public async Task Who_has_given_up_before_it_waits_leaves_at_once()
    {
        Assert.True(_gate.TryEnter());

        Assert.Null(await _gate.EnterAsync(Normal, new CancellationToken(true)));
        Assert.Equal(0, _gate.Waiting);
    }

    [Fact]
    public async Task Low_priority_is_sent_away_from_the_queue_when_it_is_shed()
    {
        Assert.True(_gate.TryEnter());
        var low = Enter(Low);
        var normal = Enter(Normal);

        _gate.ShedLow();

        Assert.Equal(Limit.OverloadShed, await low);
        Assert.False(normal.IsCompleted);
    }

    [Fact]
    public async Task More_places_are_given_at_once_and_fewer_once_they_come_free()
    {
        Assert.True(_gate.TryEnter());
        var waits = Enumerable.Range(0, 3).Select(_ => Enter(Normal)).ToList();

        Apply(max: 3);
        Assert.Equal([Limit.None, Limit.None], await Task.WhenAll(waits.Take(2)));
        Assert.False(waits[2].IsCompleted);

        Apply(max: 1);
        _gate.Leave();
        _gate.Leave();
        Assert.False(waits[2].IsCompleted);
        _gate.Leave();
        Assert.Equal(Limit.None, await waits[2]);
        Assert.Equal(1, _gate.Active);
    }

    [Fact]
    public async Task A_limit_that_is_turned_off_lets_all_in()
    {
        Assert.True(_gate.TryEnter());
        var waits = Enumerable.Range(0, 5).Select(_ => Enter(Low)).ToList();

        Apply(max: 0);

        Assert.All(await Task.WhenAll(waits), limit => Assert.Equal(Limit.None, limit));
        Assert.Equal(6, _gate.Active);
    }

    [Fact]
    public async Task A_queue_that_is_made_smaller_sends_the_last_of_the_lowest_priority_away()
    {
        Assert.True(_gate.TryEnter());
        var (low, first, second) = (Enter(Low), Enter(Normal), Enter(Normal));

        Apply(max: 1, size: 1);

        Assert.Equal([Limit.OverloadQueueSize, Limit.OverloadQueueSize], await Task.WhenAll(low, second));
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public async Task No_place_is_lost_or_given_twice_however_many_come_wait_give_up_and_leave()
    {
        const int Threads = 8, Rounds = 400, Max = 3;
        Apply(max: Max, size: 5);
        var inside = 0;
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
        {
            var dice = new Random(thread);
            for (var i = 0; i < Rounds; i++)
            {
                using var gone = new CancellationTokenSource();
                var wait = _gate.TryEnter() ? Task.FromResult<Limit?>(Limit.None) : _gate.EnterAsync((RequestPriority)dice.Next(3), gone.Token).AsTask();
                if (dice.Next(3) == 0)
                {
                    await gone.CancelAsync();
                }

                if (await wait == Limit.None)
                {
                    Interlocked.Exchange(ref most, Math.Max(most, Interlocked.Increment(ref inside)));
                    await Task.Yield();
                    Interlocked.Decrement(ref inside);
                    _gate.Leave();
                }
            }
        })));

        Assert.InRange(most, 1, Max);
        Assert.Equal((0, 0), (_gate.Active, _gate.Waiting));
    }

    [Fact]
    public void Taking_a_place_that_is_free_and_giving_it_back_allocates_nothing() => Assert.Equal(0, Allocations.Of(() =>
    {
        _gate.TryEnter();
        _gate.Leave();
    }));

    /// <summary>Makes a queue that is never empty and in which everybody waits 100 ms and more, until somebody is refused. The outcomes in order.</summary>
    private async Task<List<Limit?>> StandAsync()
    {
        Assert.True(_gate.TryEnter());
        var waits = new Queue<Task<Limit?>>([Enter(Normal), Enter(Normal)]);
        var outcomes = new List<Limit?>();
        do
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            waits.Enqueue(Enter(Normal));
            _gate.Leave();
            outcomes.Add(await waits.Dequeue());
        }
        while (outcomes.Count < 20 && outcomes[^1] == Limit.None);
        outcomes.AddRange(await Task.WhenAll(waits));
        return outcomes;
    }

    private Task<Limit?> Enter(RequestPriority priority) => _gate.EnterAsync(priority, CancellationToken.None).AsTask();

    private void Apply(int max, int size = 100) => _gate.Apply(new OverloadRules
    {
        MaxExchanges = max,
        QueueSize = size,
        QueueTarget = TimeSpan.FromMilliseconds(50),
        QueueInterval = TimeSpan.FromMilliseconds(500),
        QueueDeadline = TimeSpan.FromSeconds(5),
    });
}
