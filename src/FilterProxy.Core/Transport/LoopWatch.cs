using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Finds out which filter holds an event loop. Each tick of the heartbeat it asks every loop to answer; while one does not, whatever
/// filter it is calling is the reason. Requests pay one store per phase that has filters.
/// </summary>
internal sealed class LoopWatch(LoopReports reports, TimeProvider time) : IHeartbeatTarget
{
    private readonly List<LoopProbe> _probes = [];
    private long _last;

    public void OnHeartbeat(long now)
    {
        var threshold = reports.Threshold;
        if (threshold <= TimeSpan.Zero)
        {
            return;
        }

        var inTime = now - _last < 2 * Heartbeat.DefaultInterval.TotalMilliseconds;
        _last = now;
        var loops = EventLoop.All;
        while (_probes.Count < loops.Count)
        {
            _probes.Add(new LoopProbe(loops[_probes.Count], _probes.Count, reports, time));
        }

        foreach (var probe in _probes)
        {
            probe.Look(threshold, now, inTime);
        }
    }
}
