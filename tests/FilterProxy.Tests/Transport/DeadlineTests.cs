using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class DeadlineTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_fires_once_never_early_and_at_most_two_ticks_late()
    {
        using var heartbeat = new Heartbeat(_time);
        var target = new Target();
        heartbeat.Add(target);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        target.Deadline.Arm(heartbeat, 1_000);

        _time.Advance(TimeSpan.FromMilliseconds(1_000));
        Assert.Equal(0, target.Fired);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(1, target.Fired);
        _time.Advance(TimeSpan.FromMilliseconds(5_000));
        Assert.Equal(1, target.Fired);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void No_timeout_never_fires(long timeout)
    {
        using var heartbeat = new Heartbeat(_time);
        var target = new Target();
        heartbeat.Add(target);
        target.Deadline.Arm(heartbeat, timeout);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(0, target.Fired);
    }

    [Fact]
    public void Disarmed_or_removed_it_does_not_fire()
    {
        using var heartbeat = new Heartbeat(_time);
        var (disarmed, removed) = (new Target(), new Target());
        heartbeat.Add(disarmed);
        heartbeat.Add(removed);
        disarmed.Deadline.Arm(heartbeat, 300);
        removed.Deadline.Arm(heartbeat, 300);
        disarmed.Deadline.Disarm();
        heartbeat.Remove(removed);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((0, 0), (disarmed.Fired, removed.Fired));
    }

    [Fact]
    public async Task Settling_waits_for_a_firing_that_has_begun_on_another_thread()
    {
        using var heartbeat = new Heartbeat(_time);
        using var begun = new ManualResetEventSlim();
        using var finish = new ManualResetEventSlim();
        var target = new Target
        {
            Act = () =>
            {
                begun.Set();
                finish.Wait();
            },
        };
        target.Deadline.Arm(heartbeat, 1);
        var firing = Task.Run(() => target.OnHeartbeat(long.MaxValue));
        begun.Wait();
        var settling = Task.Run(() => SpinWait.SpinUntil(() => target.Deadline.TrySettle()));
        await Task.WhenAny(settling, Task.Delay(50));
        Assert.False(settling.IsCompleted);

        finish.Set();
        await Task.WhenAll(settling, firing).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Settling_from_within_its_own_firing_does_not_wait_and_says_so()
    {
        using var heartbeat = new Heartbeat(_time);
        var target = new Target();
        var settledInside = true;
        target.Act = () => settledInside = target.Deadline.TrySettle();
        target.Deadline.Arm(heartbeat, 1);
        await Task.Run(() => target.OnHeartbeat(long.MaxValue)).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.False(settledInside);
        Assert.True(target.Deadline.TrySettle());
        Assert.Equal(1, target.Fired);
    }

    [Fact]
    public async Task After_settling_the_heartbeat_never_acts_for_the_old_owner_however_the_race_goes()
    {
        using var heartbeat = new Heartbeat(_time);
        var target = new Target();
        var stop = false;
        var firing = Task.Run(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                target.OnHeartbeat(long.MaxValue);
            }
        });
        for (var owner = 1; owner <= 100_000; owner++)
        {
            Volatile.Write(ref target.Owner, owner);
            target.Deadline.Arm(heartbeat, 1);
            SpinWait.SpinUntil(() => target.Deadline.TrySettle());
            Volatile.Write(ref target.Owner, 0);
        }

        Volatile.Write(ref stop, true);
        await firing.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, target.FiredForNobody);
    }

    private sealed class Target : IHeartbeatTarget
    {
        public Deadline Deadline;
        public int Owner = 1;

        public Action Act { get; set; } = () => { };

        public int Fired { get; private set; }

        public int FiredForNobody { get; private set; }

        public void OnHeartbeat(long now)
        {
            if (Deadline.TryFire(now))
            {
                Fired++;
                Act();
                FiredForNobody += Volatile.Read(ref Owner) == 0 ? 1 : 0;
                Deadline.EndFiring();
            }
        }
    }
}
