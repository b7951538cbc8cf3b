using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Transport;

/// <summary>Asks one event loop again and again and sees how late it answers, and what it was doing meanwhile.</summary>
internal sealed class LoopProbe(EventLoop loop, int number, LoopReports reports, TimeProvider time)
{
    // A hold that goes on is told about before it ends, if it ever does.
    private const int TooLong = 10;

    private long _posted;
    private long _now;
    private volatile bool _asked;
    private volatile string? _filter;
    private bool _told;
    private long _late;

    /// <summary>How late it is: by the answer it owes, or as its last one was.</summary>
    public TimeSpan Lag
    {
        get
        {
            var last = new TimeSpan(Volatile.Read(ref _late));
            return _asked && time.GetElapsedTime(_posted) is var late && late > last ? late : last;
        }
    }

    /// <summary>Looks at the answer to the last question; when there is one, asks again.</summary>
    /// <param name="threshold">How late an answer may be; zero for any time.</param>
    /// <param name="now">The coarse clock, in milliseconds.</param>
    /// <param name="inTime">Whether the caller itself was called in time. If not, the whole process stood still, and no filter is to blame.</param>
    public void Look(TimeSpan threshold, long now, bool inTime)
    {
        if (_asked)
        {
            if (inTime)
            {
                _filter = loop.FilterOf(reports.Owner) ?? _filter;
            }

            var late = time.GetElapsedTime(_posted);
            if (!_told && threshold > TimeSpan.Zero && late >= threshold * TooLong && _filter is { } holding)
            {
                _told = true;
                reports.Holding(holding, number, late, now);
            }

            return;
        }

        loop.Forget();
        _filter = null;
        _told = false;
        _now = now;
        _posted = time.GetTimestamp();
        _asked = true;
        loop.Schedule(static probe => ((LoopProbe)probe!).Answer(), this);
    }

    private void Answer()
    {
        var late = time.GetElapsedTime(_posted);
        Volatile.Write(ref _late, late.Ticks);
        reports.Answered(late, _filter, number, _now, _told);
        _asked = false;
    }
}
