using FilterProxy.Core.Overload;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FilterProxy.Tests.Overload;

/// <summary>What the process has of each resource decides the stage; here the system is the test's.</summary>
public sealed class OverloadWatchTests
{
    private static readonly StageMarks s_shares = new(0.5, 0.7, 0.9, 0.8);
    private readonly FakeTimeProvider _time = new();
    private readonly LogBook _lines = new();
    private readonly LoadShedder _shedder;
    private readonly OverloadWatch _watch;
    private long _memory;
    private int _descriptors;
    private long _now;

    public OverloadWatchTests()
    {
        _shedder = new LoadShedder(_time);
        var log = new Log(_lines);
        var process = new ProcessShares(() => Interlocked.Read(ref _memory), () => Volatile.Read(ref _descriptors), available: 1000, maxDescriptors: 100);
        _watch = new OverloadWatch(_shedder, new LoopWatch(new LoopReports(this, null, log), _time), process, log, _time);
    }

    [Fact]
    public async Task Memory_calls_for_every_stage_and_for_none_when_there_is_enough_again()
    {
        Apply(new OverloadRules { Memory = s_shares });
        foreach (var (bytes, stage) in new[] { (499, OverloadStage.Calm), (500, OverloadStage.Shed), (700, OverloadStage.Close), (900, OverloadStage.Refuse), (560, OverloadStage.Close), (399, OverloadStage.Calm) })
        {
            Interlocked.Exchange(ref _memory, bytes);
            await UntilAsync(stage, () => Value(OverloadResource.Memory) == bytes / 1000.0);
        }
    }

    [Fact]
    public async Task A_limit_on_memory_stands_in_for_what_there_is()
    {
        Apply(new OverloadRules { Memory = s_shares, MemoryLimit = 100 });
        Interlocked.Exchange(ref _memory, 95);

        await UntilAsync(OverloadStage.Refuse, () => Value(OverloadResource.Memory) == 0.95);
    }

    [Fact]
    public async Task Descriptors_call_for_every_stage()
    {
        Apply(new OverloadRules { Descriptors = s_shares });
        foreach (var (open, stage) in new[] { (50, OverloadStage.Shed), (89, OverloadStage.Close), (90, OverloadStage.Refuse), (0, OverloadStage.Calm) })
        {
            Volatile.Write(ref _descriptors, open);
            await UntilAsync(stage, () => Value(OverloadResource.Descriptors) == open / 100.0);
        }
    }

    [Fact]
    public async Task A_wait_for_a_place_calls_for_every_stage_and_sends_low_priority_away()
    {
        Apply(new OverloadRules { QueueTime = new StageMarks(1, 2, 3, 0.5), MaxExchanges = 1, QueueSize = 10, QueueTarget = TimeSpan.FromSeconds(60), QueueInterval = TimeSpan.FromSeconds(60), QueueDeadline = TimeSpan.FromSeconds(60) });
        Assert.True(_shedder.Gate.TryEnter());
        var low = _shedder.Gate.EnterAsync(RequestPriority.Low, default).AsTask();
        var normal = _shedder.Gate.EnterAsync(RequestPriority.Normal, default).AsTask();
        foreach (var stage in new[] { OverloadStage.Shed, OverloadStage.Close, OverloadStage.Refuse })
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Tick();
            Assert.Equal(stage, _shedder.Stage);
            Assert.Equal(Limit.OverloadShed, await low);
        }

        _shedder.Gate.Leave();
        Assert.Equal(Limit.None, await normal);
        Tick();
        Assert.Equal(OverloadStage.Calm, _shedder.Stage);
    }

    [Fact]
    public async Task The_worst_resource_decides_and_the_log_says_which()
    {
        Apply(new OverloadRules { Memory = s_shares, Descriptors = s_shares });
        Interlocked.Exchange(ref _memory, 550);
        Volatile.Write(ref _descriptors, 95);
        await UntilAsync(OverloadStage.Refuse, () => Value(OverloadResource.Memory) == 0.55);
        Volatile.Write(ref _descriptors, 0);
        await UntilAsync(OverloadStage.Shed, () => Value(OverloadResource.Descriptors) == 0);
        Interlocked.Exchange(ref _memory, 0);
        await UntilAsync(OverloadStage.Calm, () => Value(OverloadResource.Memory) < 0.4);

        Assert.Contains(_lines.Lines, line => line.StartsWith("Warning: Overload: stage 'refuse' is entered from ", StringComparison.Ordinal) && line.EndsWith("because descriptors is 0.95.", StringComparison.Ordinal));
        Assert.Contains("Warning: Overload: stage 'shed' is entered from 'refuse', because memory is 0.55.", _lines.Lines);
        Assert.Equal("Information: Overload is over: stage 'shed' is left.", _lines.Lines[^1]);
    }

    [Fact]
    public async Task A_moment_of_need_is_no_overload()
    {
        Apply(new OverloadRules { Memory = s_shares, EnterAfter = TimeSpan.FromSeconds(1) });
        Interlocked.Exchange(ref _memory, 1000);
        await Poll.UntilAsync(() =>
        {
            // The first look sends for the value, a later one has it.
            _now += 10_000;
            Tick();
            return Value(OverloadResource.Memory) == 1;
        });

        for (var look = 0; look < 8; look++)
        {
            Tick();
            Assert.Equal(OverloadStage.Calm, _shedder.Stage);
        }

        Tick();
        Assert.Equal(OverloadStage.Refuse, _shedder.Stage);
    }

    [Fact]
    public async Task Turned_off_it_leaves_the_stage_it_is_in()
    {
        Apply(new OverloadRules { Memory = s_shares, LeaveAfter = TimeSpan.FromHours(1) });
        Interlocked.Exchange(ref _memory, 1000);
        await UntilAsync(OverloadStage.Refuse, () => true);
        Assert.False(_shedder.IsCalm);

        Apply(OverloadRules.Off);
        Tick();

        Assert.Equal(OverloadStage.Calm, _shedder.Stage);
        Assert.True(_shedder.IsCalm);
    }

    [Fact]
    public void Requests_need_not_ask_as_long_as_nothing_is_amiss_and_places_are_not_counted()
    {
        Assert.True(_shedder.IsCalm);
        Apply(new OverloadRules { Memory = s_shares });
        Assert.True(_shedder.IsCalm);
        Apply(new OverloadRules { MaxExchanges = 1 });
        Assert.False(_shedder.IsCalm);
    }

    [Fact]
    public void Looking_at_a_calm_process_allocates_nothing()
    {
        Apply(new OverloadRules { LoopLag = s_shares, QueueTime = s_shares, MaxExchanges = 5, QueueSize = 5 });

        Assert.Equal(0, Allocations.Of(Tick));
    }

    [Fact]
    public void Descriptors_that_are_opened_are_counted()
    {
        var opened = Enumerable.Range(0, 300).Select(_ => File.OpenHandle(Environment.ProcessPath!)).ToList();
        try
        {
            Assert.InRange(Descriptors.CountOpen(), OperatingSystem.IsLinux() ? 300 : 0, Descriptors.Max);
        }
        finally
        {
            opened.ForEach(handle => handle.Dispose());
        }
    }

    [Fact]
    public void This_process_has_descriptors_and_memory()
    {
        Assert.InRange(Descriptors.CountOpen(), OperatingSystem.IsLinux() ? 3 : 0, Descriptors.Max);
        Assert.InRange(Descriptors.MaxForClients, 1, Descriptors.Max);
    }

    [Fact]
    public void A_loop_is_as_late_as_its_last_answer_or_as_the_one_it_owes()
    {
        var loop = new HeldLoop();
        var probe = new LoopProbe(loop, 0, new LoopReports(this, null, new Log(NullLogger.Instance)), _time);
        probe.Look(TimeSpan.Zero, 1, inTime: true);
        Assert.Equal(TimeSpan.Zero, probe.Lag);

        _time.Advance(TimeSpan.FromSeconds(2));
        probe.Look(TimeSpan.Zero, 2, inTime: true);
        Assert.Equal(TimeSpan.FromSeconds(2), probe.Lag);

        loop.Run();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(2), probe.Lag);

        probe.Look(TimeSpan.Zero, 3, inTime: true);
        loop.Run();
        Assert.Equal(TimeSpan.Zero, probe.Lag);
    }

    private void Apply(OverloadRules rules) => _shedder.Apply(rules);

    private double Value(OverloadResource resource) => _watch.Pressures.Single(p => p.Resource == resource).Value;

    private void Tick() => _watch.OnHeartbeat(_now);

    /// <summary>What is read comes from another thread, after the look that asks for it.</summary>
    private Task UntilAsync(OverloadStage stage, Func<bool> isRead) => Poll.UntilAsync(() =>
    {
        _now += 10_000;
        Tick();
        return isRead() && _shedder.Stage == stage;
    });

    /// <summary>Runs what it is given when it is told to.</summary>
    private sealed class HeldLoop : EventLoop
    {
        private readonly Queue<(Action<object?> Action, object? State)> _given = new();

        public override void Schedule(Action<object?> action, object? state) => _given.Enqueue((action, state));

        public void Run()
        {
            while (_given.TryDequeue(out var next))
            {
                next.Action(next.State);
            }
        }
    }
}
