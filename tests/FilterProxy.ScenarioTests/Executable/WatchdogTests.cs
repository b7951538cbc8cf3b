using FilterProxy.Core.Transport;
using FilterProxy.Host.Systemd;
using FilterProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>When the watchdog gets its beat, and when not.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task It_gets_no_beat_while_the_proxy_does_not_answer()
    {
        using var folder = new ConfigFile("");
        using var manager = new NotifyReceiver(folder.Folder);
        using var notifier = new ServiceNotifier(manager.Environment["NOTIFY_SOCKET"]);
        var (asked, answers) = (0, false);
        await using (new Watchdog(
            notifier,
            Tick,
            _ =>
            {
                Interlocked.Increment(ref asked);
                return Task.FromResult(Volatile.Read(ref answers));
            },
            NullLogger.Instance))
        {
            await Poll.UntilAsync(() => Volatile.Read(ref asked) > 2);
            notifier.Status("not yet");
            Volatile.Write(ref answers, true);
            await manager.NextAsync("WATCHDOG=1");
        }

        Assert.Equal(["STATUS=not yet", "WATCHDOG=1"], manager.Messages.Take(2));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("2000000", null, 1000)]
    [InlineData("2000000", "", 1000)]
    [InlineData("2000000", "1", null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData("soon", null, null)]
    public void The_interval_is_half_of_what_the_manager_waits_for_this_process(string? usec, string? pid, int? milliseconds) =>
        Assert.Equal(
            milliseconds,
            (int?)Watchdog.IntervalFrom(name => name == "WATCHDOG_USEC" ? usec : name == "WATCHDOG_PID" ? pid : null)?.TotalMilliseconds);

    [Fact]
    public async Task Loops_that_run_answer_again_and_again()
    {
        await RuntimeLoop.StartAsync();

        for (var i = 0; i < 100; i++)
        {
            Assert.True(await EventLoop.AllAnswerAsync(TimeSpan.FromSeconds(10)));
        }
    }

    [Fact]
    public async Task A_heartbeat_that_stands_still_is_no_sign_of_life()
    {
        var time = new FakeTimeProvider();
        using var heartbeat = new Heartbeat(time);
        var liveness = new Liveness(heartbeat);
        Assert.True(await liveness.ShowsAsync(TimeSpan.FromSeconds(10)));

        Assert.False(await liveness.ShowsAsync(TimeSpan.FromMilliseconds(50)));

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await liveness.ShowsAsync(TimeSpan.FromSeconds(10)));
    }
}
