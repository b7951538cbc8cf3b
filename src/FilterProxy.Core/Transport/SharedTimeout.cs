using System.Diagnostics;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A time limit as a token that all share who begin within the same tenth of a second: thousands that wait at once need one timer, not one
/// each. Never early, and two tenths of a second late at most.
/// </summary>
/// <param name="limit">Zero or less for none.</param>
internal sealed class SharedTimeout(TimeSpan limit)
{
    private const int Grain = 100;
    private Slice? _last;

    /// <summary>Cancelled when the time of those who begin now is over.</summary>
    public CancellationToken Token
    {
        get
        {
            if (limit <= TimeSpan.Zero)
            {
                return default;
            }

            var number = (long)Stopwatch.GetElapsedTime(0).TotalMilliseconds / Grain;
            var last = Volatile.Read(ref _last);
            if (last?.Number != number)
            {
                // Two threads at once make two, which is as good as one.
                last = new Slice(number, new CancellationTokenSource(limit + TimeSpan.FromMilliseconds(2 * Grain)));
                Volatile.Write(ref _last, last);
            }

            return last.End.Token;
        }
    }

    /// <summary>One that is another's besides; to be disposed.</summary>
    public CancellationTokenSource LinkedTo(CancellationToken cancel)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        source.CancelAfter(limit > TimeSpan.Zero ? limit : Timeout.InfiniteTimeSpan);
        return source;
    }

    private sealed record Slice(long Number, CancellationTokenSource End);
}
