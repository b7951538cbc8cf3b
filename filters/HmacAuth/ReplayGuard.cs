namespace FilterProxy.Filters.HmacAuth;

/// <summary>What became of a signature at the door.</summary>
internal enum ReplayCheck
{
    Fresh,

    Replayed,

    /// <summary>Its time is too far from ours, or behind what was forgotten already.</summary>
    OutOfWindow,

    /// <summary>No more can be remembered.</summary>
    Full,
}

/// <summary>
/// Remembers signatures for as long as their time would be taken, so that none is taken twice. When the clock on the wall is set back, times that were once too old are
/// so still: what was forgotten must not come back. Bounded: when it is full, nothing passes, rather than anything.
/// </summary>
internal sealed class ReplayGuard(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly HashSet<(string Key, string Nonce)> _seen = [];
    private readonly Queue<(string Key, string Nonce, long At)> _order = new();
    private DateTimeOffset _latest = DateTimeOffset.MinValue;

    public ReplayCheck Check(string key, string nonce, DateTimeOffset signed, TimeSpan window, int most)
    {
        lock (_gate)
        {
            var (now, timestamp) = (time.GetUtcNow(), time.GetTimestamp());
            _latest = now > _latest ? now : _latest;
            Forget(timestamp, window);
            if ((signed - now).Duration() > window || _latest - signed > window)
            {
                return ReplayCheck.OutOfWindow;
            }

            if (_seen.Contains((key, nonce)))
            {
                return ReplayCheck.Replayed;
            }

            if (_seen.Count >= most)
            {
                return ReplayCheck.Full;
            }

            _seen.Add((key, nonce));
            _order.Enqueue((key, nonce, timestamp));
            return ReplayCheck.Fresh;
        }
    }

    // A signature from the future is taken until its time and the window have passed: twice the window from now at most.
    private void Forget(long timestamp, TimeSpan window)
    {
        while (_order.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At, timestamp) > 2 * window)
        {
            _order.Dequeue();
            _seen.Remove((oldest.Key, oldest.Nonce));
        }
    }
}
