namespace FilterProxy.Core.Pipeline;

/// <summary>
/// The last exchanges that failed. What clients got wrong is kept apart from the rest, so that a scanner does not push out what an
/// operator looks for; and in a flood of failures some are counted only, so that it costs no more than it must.
/// </summary>
internal sealed class RecentErrors
{
    private const int Kept = 200;
    private const int PerSecond = 100;
    private readonly Lock _lock = new();
    private readonly Ring _clients = new();
    private readonly Ring _others = new();

    /// <summary>Takes a failed exchange in.</summary>
    /// <param name="x">Over.</param>
    public void Add(ProxyExchange x)
    {
        var ring = x.Error is { IsError: true, Source: ErrorSource.Downstream } ? _clients : _others;
        var now = x.Services.Heartbeat.Now;
        lock (_lock)
        {
            if (!ring.HasRoom(now))
            {
                return;
            }
        }

        // Made outside: nobody waits for its texts.
        var record = ExchangeRecord.Of(x);
        lock (_lock)
        {
            ring.Add(record);
        }
    }

    /// <summary>All that are kept, the last first, and how many were only counted.</summary>
    public (IReadOnlyList<ExchangeRecord> Records, long Skipped) Read()
    {
        lock (_lock)
        {
            return ([.. _clients.Records.Concat(_others.Records).OrderByDescending(record => record.Time)], _clients.Skipped + _others.Skipped);
        }
    }

    private sealed class Ring
    {
        private readonly Queue<ExchangeRecord> _records = new(Kept);
        private long _second;
        private int _taken;

        public IEnumerable<ExchangeRecord> Records => _records;

        public long Skipped { get; private set; }

        public bool HasRoom(long now)
        {
            if (now / 1000 != _second)
            {
                (_second, _taken) = (now / 1000, 0);
            }

            if (_taken++ < PerSecond)
            {
                return true;
            }

            Skipped++;
            return false;
        }

        public void Add(ExchangeRecord record)
        {
            if (_records.Count == Kept)
            {
                _records.Dequeue();
            }

            _records.Enqueue(record);
        }
    }
}
