using System.Collections.Concurrent;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;
using UpstreamConnection = FilterProxy.Core.Transport.UpstreamConnection;

namespace FilterProxy.Tests.Transport;

public sealed class ConnectionPoolTests : IDisposable
{
    private static readonly PoolRules Unlimited = PoolRules.Default with { ConnectTimeout = TimeSpan.Zero };
    private readonly FakeTimeProvider _time = new();
    private readonly Heartbeat _heartbeat;
    private readonly FakeConnector _connector = new();

    public ConnectionPoolTests() => _heartbeat = new Heartbeat(_time);

    public void Dispose() => _heartbeat.Dispose();

    [Fact]
    public async Task A_connection_that_came_back_is_lent_again()
    {
        var pool = Pool(Unlimited);
        var first = await RentAsync(pool);
        Assert.False(first.Reused);
        pool.Return(first);

        var second = await RentAsync(pool);
        Assert.Same(first, second);
        Assert.True(second.Reused);
        Assert.Equal((1, 0), (pool.Open, pool.Idle));
    }

    [Fact]
    public async Task The_last_that_came_back_is_lent_first()
    {
        var pool = Pool(Unlimited);
        var (a, b) = (await RentAsync(pool), await RentAsync(pool));
        pool.Return(a);
        pool.Return(b);

        Assert.Same(b, await RentAsync(pool));
        Assert.Same(a, await RentAsync(pool));
    }

    [Fact]
    public async Task A_fresh_one_is_opened_where_an_idle_one_will_not_do()
    {
        var pool = Pool(Unlimited);
        pool.Return(await RentAsync(pool));

        var rented = await pool.RentAsync(default, CancellationToken.None);

        Assert.False(rented.Connection!.Reused);
        Assert.Equal(2, _connector.Opened.Count);
    }

    [Fact]
    public async Task At_the_limit_a_waiter_gets_the_connection_that_comes_back()
    {
        var pool = Pool(Unlimited with { Max = 1 });
        var only = await RentAsync(pool);
        var waiting = RentAsync(pool);
        Assert.False(waiting.IsCompleted);
        pool.Return(only);

        Assert.Same(only, await waiting);
        Assert.Equal(1, pool.Open);
    }

    [Fact]
    public async Task At_the_limit_a_waiter_may_open_one_in_place_of_one_that_is_closed()
    {
        var pool = Pool(Unlimited with { Max = 1 });
        var only = await RentAsync(pool);
        var waiting = RentAsync(pool);
        pool.Discard(only);

        Assert.NotSame(only, await waiting);
        Assert.Equal(1, pool.Open);
    }

    [Fact]
    public async Task A_waiter_gives_up_after_the_connect_timeout_and_leaves_its_place_to_others()
    {
        var pool = Pool(Unlimited with { Max = 1, ConnectTimeout = TimeSpan.FromMilliseconds(50) });
        var only = await RentAsync(pool);

        var late = await pool.RentAsync(default, CancellationToken.None);

        Assert.Equal(ProxyErrorKind.Overloaded, late.Error.Kind);
        pool.Return(only);
        Assert.Same(only, await RentAsync(pool));
    }

    [Fact]
    public async Task A_connect_timeout_of_zero_is_no_limit()
    {
        var gate = new TaskCompletionSource();
        _connector.Gate = cancel => gate.Task.WaitAsync(cancel);
        var pool = Pool(Unlimited);
        var renting = pool.RentAsync(default, CancellationToken.None).AsTask();
        await Task.WhenAny(renting, Task.Delay(200));
        gate.SetResult();

        Assert.NotNull((await renting).Connection);
    }

    [Fact]
    public async Task A_connect_that_fails_gives_its_place_back()
    {
        _connector.Gate = _ => throw new InvalidOperationException("no");
        var pool = Pool(Unlimited with { Max = 1 });

        var failed = await pool.RentAsync(default, CancellationToken.None);

        Assert.Equal((ProxyErrorKind.ConnectFailed, true), (failed.Error.Kind, failed.Error.Retryable));
        Assert.Equal(0, pool.Open);
    }

    [Fact]
    public async Task An_idle_connection_that_died_is_never_lent()
    {
        var pool = Pool(Unlimited);
        var dead = await RentAsync(pool);
        pool.Return(dead);
        _connector.Opened[0].End();

        Assert.NotSame(dead, await RentAsync(pool));
        Assert.Equal(1, _connector.Opened[0].Closed);
        Assert.Equal(1, pool.Open);
    }

    [Fact]
    public async Task Connections_are_opened_ahead_up_to_the_minimum_and_kept_there()
    {
        var pool = Pool(Unlimited with { Min = 3, IdleTimeout = TimeSpan.FromSeconds(1) });
        Tick();
        await Poll.UntilAsync(() => pool.Idle == 3);
        Tick(TimeSpan.FromSeconds(10));

        Assert.Equal((3, 3), (pool.Open, pool.Idle));
        Assert.False((await RentAsync(pool)).Reused);
    }

    [Fact]
    public async Task An_idle_connection_is_closed_after_the_idle_timeout_and_not_before()
    {
        var pool = Pool(Unlimited with { IdleTimeout = TimeSpan.FromSeconds(1) });
        pool.Return(await RentAsync(pool));
        Tick(TimeSpan.FromMilliseconds(900));
        Assert.Equal(1, pool.Idle);

        Tick(TimeSpan.FromMilliseconds(300));
        Assert.Equal((0, 0, 1), (pool.Open, pool.Idle, _connector.Opened[0].Closed));
    }

    [Fact]
    public async Task An_idle_timeout_of_zero_is_no_limit()
    {
        var pool = Pool(Unlimited with { IdleTimeout = TimeSpan.Zero });
        pool.Return(await RentAsync(pool));
        Tick(TimeSpan.FromHours(1) / 60);

        Assert.Equal(1, pool.Idle);
    }

    [Fact]
    public async Task A_connection_past_its_lifetime_is_closed_when_it_comes_back()
    {
        var pool = Pool(Unlimited with { Lifetime = TimeSpan.FromSeconds(1) });
        var old = await RentAsync(pool);
        Tick(TimeSpan.FromSeconds(2));
        pool.Return(old);

        Assert.Equal((0, 1), (pool.Open, _connector.Opened[0].Closed));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task No_more_idle_ones_are_kept_than_allowed(int maxIdle)
    {
        var pool = Pool(Unlimited with { MaxIdle = maxIdle });
        var rented = new[] { await RentAsync(pool), await RentAsync(pool), await RentAsync(pool) };
        Array.ForEach(rented, pool.Return);

        Assert.Equal((maxIdle, maxIdle), (pool.Open, pool.Idle));
    }

    [Fact]
    public async Task Closing_closes_the_idle_ones_and_those_that_come_back_later()
    {
        var pool = Pool(Unlimited);
        var (idle, busy) = (await RentAsync(pool), await RentAsync(pool));
        pool.Return(idle);
        pool.Close();
        Assert.Equal(1, pool.Open);
        pool.Return(busy);

        Assert.Equal(0, pool.Open);
        Assert.All(_connector.Opened, c => Assert.Equal(1, c.Closed));
    }

    [Fact]
    public async Task One_that_waits_for_a_new_connection_takes_what_comes_back_where_new_ones_are_rare()
    {
        var pool = Pool(Unlimited with { TakesReturned = true });
        var first = await RentAsync(pool);
        _connector.Gate = cancel => Task.Delay(Timeout.Infinite, cancel);
        var renting = pool.RentAsync(default, CancellationToken.None).AsTask();
        Assert.Equal((2, 1), (pool.Open, pool.Pending));

        pool.Return(first);

        Assert.Same(first, (await renting.WaitAsync(TimeSpan.FromSeconds(20))).Connection);
        await Poll.UntilAsync(() => pool.Open == 1);
        Assert.Equal((0, 0), (pool.Pending, pool.Idle));
    }

    [Fact]
    public async Task Where_new_ones_are_rare_and_none_comes_back_the_new_one_is_taken()
    {
        var (pool, gate) = (Pool(Unlimited with { TakesReturned = true }), new TaskCompletionSource());
        var first = await RentAsync(pool);
        _connector.Gate = _ => gate.Task;
        var renting = pool.RentAsync(default, CancellationToken.None).AsTask();

        gate.SetResult();
        var second = (await renting.WaitAsync(TimeSpan.FromSeconds(20))).Connection!;

        Assert.NotSame(first, second);
        pool.Return(first);
        pool.Return(second);
        Assert.Equal((2, 2), (pool.Open, pool.Idle));
    }

    [Fact]
    public async Task A_new_one_that_comes_too_late_is_kept()
    {
        var (pool, gate) = (Pool(Unlimited with { TakesReturned = true }), new TaskCompletionSource());
        var first = await RentAsync(pool);
        _connector.Gate = _ => gate.Task;
        var renting = pool.RentAsync(default, CancellationToken.None).AsTask();
        pool.Return(first);
        Assert.Same(first, (await renting.WaitAsync(TimeSpan.FromSeconds(20))).Connection);

        gate.SetResult();

        await Poll.UntilAsync(() => pool.Idle == 1);
        Assert.Equal(2, pool.Open);
    }

    [Fact]
    public async Task Where_new_ones_are_rare_whoever_leaves_does_not_wait_for_the_connector_and_what_it_opens_is_kept()
    {
        var (pool, gate) = (Pool(Unlimited with { TakesReturned = true }), new TaskCompletionSource());
        _connector.Gate = _ => gate.Task;
        using var leave = new CancellationTokenSource();
        var renting = pool.RentAsync(default, leave.Token).AsTask();

        await leave.CancelAsync();

        Assert.Equal(ProxyErrorKind.ConnectTimeout, (await renting.WaitAsync(TimeSpan.FromSeconds(20))).Error.Kind);
        gate.SetResult();
        await Poll.UntilAsync(() => pool.Idle == 1);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(3, false)]
    [InlineData(0, true)]
    [InlineData(3, true)]
    public async Task Under_stress_no_connection_is_lent_twice_and_every_one_is_accounted_for(int max, bool takesReturned)
    {
        var pool = new ConnectionPool(FakeConnector.Peer, _connector, Unlimited with { Max = max, TakesReturned = takesReturned }, _heartbeat, shelves: 2);
        var lent = new ConcurrentDictionary<UpstreamConnection, bool>();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 1_000; i++)
            {
                var connection = await RentAsync(pool);
                Assert.True(lent.TryAdd(connection, true));
                if (random.Next(4) == 0)
                {
                    await Task.Yield();
                }

                Assert.True(lent.TryRemove(connection, out _));
                if (random.Next(10) == 0)
                {
                    pool.Discard(connection);
                }
                else
                {
                    pool.Return(connection);
                }
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));

        // Those that turned out not to be needed may still be on their way.
        await Poll.UntilAsync(() => pool.Open == pool.Idle);
        Assert.InRange(pool.Open, 0, max == 0 ? 16 * (takesReturned ? 2 : 1) : max);
        pool.Close();
        Assert.Equal(0, pool.Open);
        Assert.All(_connector.Opened, c => Assert.Equal(1, c.Closed));
    }

    [Fact]
    public async Task A_place_that_comes_free_while_one_asks_for_it_is_no_refusal()
    {
        var pool = Pool(Unlimited with { Max = 1, ConnectTimeout = TimeSpan.FromSeconds(20) });
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                pool.Discard(await RentAsync(pool));
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(0, pool.Open);
    }

    private static async Task<UpstreamConnection> RentAsync(ConnectionPool pool)
    {
        if (pool.TryRent() is { } idle)
        {
            return idle;
        }

        var rented = await pool.RentAsync(default, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.NotNull(rented.Connection);
        return rented.Connection;
    }

    private ConnectionPool Pool(PoolRules rules) => new(FakeConnector.Peer, _connector, rules, _heartbeat, shelves: 1);

    private void Tick(TimeSpan? time = null) => _time.Advance(time ?? Heartbeat.DefaultInterval);
}
