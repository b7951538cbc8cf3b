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

    /// <summary>Whether loops are asked though no filter is to be found out.</summary>
    public bool Asks { get; set; }

    /// <summary>How late the latest of the loops is. To be asked by who is on the heartbeat as well.</summary>
    public TimeSpan Lag
    {
        get
        {
            var most = TimeSpan.Zero;
            foreach (var probe in _probes)
            {
                most = probe.Lag is var lag && lag > most ? lag : most;
            }

            return most;
        }
    }

    public void OnHeartbeat(long now)
    {
        var threshold = reports.Threshold;
        if (threshold <= TimeSpan.Zero && !Asks)
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
