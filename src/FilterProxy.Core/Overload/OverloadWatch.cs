using System.Globalization;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Overload;

/// <summary>Looks at what may run short with every tick of the heartbeat, and decides the stage.</summary>
/// <param name="shedder">Told the stage.</param>
/// <param name="loops">Tells how late the event loops are.</param>
/// <param name="process">Tells what the process has of what it may have.</param>
/// <param name="log">Told about changes.</param>
/// <param name="time">Tells since when.</param>
internal sealed class OverloadWatch(LoadShedder shedder, LoopWatch loops, ProcessShares process, Log log, TimeProvider time) : IHeartbeatTarget
{
    private static readonly double s_tick = Heartbeat.DefaultInterval.TotalMilliseconds;
    private readonly Pressure[] _pressures = [.. Enum.GetValues<OverloadResource>().Select(resource => new Pressure(resource))];
    private OverloadRules? _rules;

    /// <summary>Of each resource, as of the last look.</summary>
    public IReadOnlyList<Pressure> Pressures => _pressures;

    /// <summary>When the stage was entered.</summary>
    public DateTimeOffset Since { get; private set; } = time.GetUtcNow();

    public void OnHeartbeat(long now)
    {
        var rules = shedder.Rules;
        if (!ReferenceEquals(rules, _rules))
        {
            _rules = rules;
            loops.Asks = rules.LoopLag.IsOn;
        }

        // Also where its time is no reason for a stage: this is what ends a wait.
        var queued = shedder.Gate.Sweep();
        var stage = OverloadStage.Calm;
        Pressure? cause = null;
        foreach (var pressure in _pressures)
        {
            var marks = rules.Of(pressure.Resource);
            var value = marks.IsOn ? ValueOf(pressure.Resource, queued, rules, now) : 0;
            pressure.Look(value, marks, TicksOf(rules.EnterAfter), TicksOf(rules.LeaveAfter));
            if (pressure.Stage > stage)
            {
                (stage, cause) = (pressure.Stage, pressure);
            }
        }

        if (stage != shedder.Stage)
        {
            Change(stage, cause);
        }
    }

    private double ValueOf(OverloadResource resource, TimeSpan queued, OverloadRules rules, long now) => resource switch
    {
        OverloadResource.LoopLag => loops.Lag.TotalSeconds,
        OverloadResource.Memory => process.MemoryOf(rules.MemoryLimit, now),
        OverloadResource.Descriptors => process.DescriptorsOf(now),
        _ => queued.TotalSeconds,
    };

    private void Change(OverloadStage stage, Pressure? cause)
    {
        var before = shedder.Stage;
        Since = time.GetUtcNow();
        shedder.Enter(stage);
        if (cause is null)
        {
            log.OverloadOver(OverloadNames.Of(before));
        }
        else
        {
            log.OverloadStage(OverloadNames.Of(stage), OverloadNames.Of(before), OverloadNames.Of(cause.Resource), cause.Value.ToString("0.###", CultureInfo.InvariantCulture));
        }
    }

    private static int TicksOf(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalMilliseconds / s_tick));
}
