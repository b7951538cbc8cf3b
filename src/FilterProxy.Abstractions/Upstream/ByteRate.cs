namespace FilterProxy;

/// <summary>
/// Bytes per second that one connection, or several together, may move: a bucket that runs into debt, so that the average holds whatever the
/// size of a piece. Safe to use from many threads.
/// </summary>
public sealed class ByteRate
{
    private const double BurstSeconds = 0.1;
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private double _credit;
    private long _at;

    /// <param name="bytesPerSecond">At least 1.</param>
    /// <param name="time">The clock.</param>
    public ByteRate(long bytesPerSecond, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSecond, 1);
        ArgumentNullException.ThrowIfNull(time);
        BytesPerSecond = bytesPerSecond;
        _time = time;
        _at = time.GetTimestamp();
    }

    /// <summary>The rate.</summary>
    public long BytesPerSecond { get; }

    /// <summary>The most bytes to move at once, so that waits stay short: a tenth of a second's.</summary>
    public int Piece => (int)Math.Clamp(BytesPerSecond / 10, 256, 64 * 1024);

    /// <summary>Counts bytes that were moved.</summary>
    /// <returns>How long to wait before more are.</returns>
    public TimeSpan Take(long bytes)
    {
        lock (_lock)
        {
            Refill();
            _credit -= bytes;
            return _credit >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_credit / BytesPerSecond);
        }
    }

    /// <summary>Counts bytes that are about to be moved, for what is better dropped than late: a datagram.</summary>
    /// <returns>False, with nothing counted, where those before are not paid off yet.</returns>
    public bool TryTake(long bytes)
    {
        lock (_lock)
        {
            Refill();
            if (_credit < 0)
            {
                return false;
            }

            _credit -= bytes;
            return true;
        }
    }

    private void Refill()
    {
        var now = _time.GetTimestamp();
        _credit = Math.Min(BytesPerSecond * BurstSeconds, _credit + (_time.GetElapsedTime(_at, now).TotalSeconds * BytesPerSecond));
        _at = now;
    }
}
