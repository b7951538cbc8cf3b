using System.Diagnostics;
using FilterProxy.Core.Transport;

namespace FilterProxy.Host.Systemd;

/// <summary>Whether the engine works: its heartbeat, on which all deadlines depend, goes on, and every event loop answers.</summary>
internal sealed class Liveness(Heartbeat heartbeat)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private long _last;

    /// <summary>Whether it shows within a time. One call at a time.</summary>
    public async Task<bool> ShowsAsync(TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (heartbeat.Now == _last)
        {
            if (Stopwatch.GetElapsedTime(started) >= limit)
            {
                return false;
            }

            await Task.Delay(Pause);
        }

        _last = heartbeat.Now;
        return await EventLoop.AllAnswerAsync(limit);
    }
}
