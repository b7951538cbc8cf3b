using System.Threading.Channels;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Shows operators the exchanges that end: the last failed ones always, all of them to those who follow. Where nobody follows, an
/// exchange that went well costs one look at a field that hardly ever changes.
/// </summary>
internal sealed class ExchangeWatch
{
    /// <summary>Who may follow at a time.</summary>
    public const int MostFollowers = 16;

    private readonly Lock _lock = new();
    private volatile ExchangeFollower[] _followers = [];

    /// <summary>The last exchanges that failed.</summary>
    public RecentErrors Errors { get; } = new();

    /// <summary>Whether anybody follows.</summary>
    public bool IsFollowed => _followers.Length > 0;

    /// <summary>An exchange is over and its books are closed.</summary>
    public void OnEnded(ProxyExchange x)
    {
        var failed = x.Error.IsError || x.Response.StatusCode >= 500;
        var followers = _followers;
        if (failed)
        {
            Errors.Add(x);
        }

        if (followers.Length > 0)
        {
            Tell(followers, x, failed);
        }
    }

    /// <summary>Follows until disposed; null when too many do.</summary>
    /// <param name="onlyErrors">Leaves out what went well.</param>
    /// <param name="route">Leaves out all other routes; null for none.</param>
    public ExchangeFollower? TryFollow(bool onlyErrors, string? route)
    {
        var follower = new ExchangeFollower(this, onlyErrors, route);
        lock (_lock)
        {
            if (_followers.Length >= MostFollowers)
            {
                return null;
            }

            _followers = [.. _followers, follower];
        }

        return follower;
    }

    internal void Remove(ExchangeFollower follower)
    {
        lock (_lock)
        {
            _followers = [.. _followers.Where(other => other != follower)];
        }
    }

    private static void Tell(ExchangeFollower[] followers, ProxyExchange x, bool failed)
    {
        ExchangeRecord? record = null;
        foreach (var follower in followers)
        {
            if (follower.Wants(x, failed))
            {
                follower.Tell(record ??= ExchangeRecord.Of(x));
            }
        }
    }
}

/// <summary>Somebody who sees exchanges as they end, through a queue of bounded length: who reads too slowly misses some.</summary>
internal sealed class ExchangeFollower(ExchangeWatch watch, bool onlyErrors, string? route) : IDisposable
{
    private const int QueueLength = 1024;
    private readonly Channel<ExchangeRecord> _queue = Channel.CreateBounded<ExchangeRecord>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private long _missed;

    /// <summary>What it is told.</summary>
    public ChannelReader<ExchangeRecord> Records => _queue.Reader;

    /// <summary>How many it was not told since this was last asked.</summary>
    public long TakeMissed() => Interlocked.Exchange(ref _missed, 0);

    public void Dispose() => watch.Remove(this);

    internal bool Wants(ProxyExchange x, bool failed) => (failed || !onlyErrors) && (route is null || x.RouteName == route);

    internal void Tell(ExchangeRecord record)
    {
        if (!_queue.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _missed);
        }
    }
}
