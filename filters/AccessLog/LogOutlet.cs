using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.AccessLog;

/// <summary>One filter's share of a sink: its lines, and those of them that are on their way to the file.</summary>
internal sealed class LogOutlet(LogQueue queue, TimeSpan flushInterval, RotateOptions? rotate, ILogger logger)
{
    private readonly byte[] _batch = new byte[Math.Max(64 * 1024, queue.LongestLine)];
    private int _length;

    public LogQueue Queue { get; } = queue;

    public TimeSpan FlushInterval { get; } = flushInterval;

    public RotateOptions? Rotate { get; } = rotate;

    public ILogger Logger { get; } = logger;

    /// <summary>Lines that were taken from the queue and wait to be written.</summary>
    public ReadOnlySpan<byte> Batch => _batch.AsSpan(0, _length);

    /// <summary>How many they are.</summary>
    public int BatchLines { get; private set; }

    /// <summary>Whether no further line comes and all are out.</summary>
    public bool IsDone => Queue.IsCompleted && _length == 0 && Queue.IsEmpty;

    /// <summary>Fills the batch unless it is still full. False when there is nothing to write.</summary>
    /// <param name="limit">How many bytes it should be at most; a single line may be longer.</param>
    public bool TryFill(long limit)
    {
        if (_length == 0)
        {
            _length = Queue.Read(_batch.AsSpan(0, (int)Math.Min(limit, _batch.Length)), out var lines);
            if (_length == 0 && limit < _batch.Length)
            {
                _length = Queue.Read(_batch, out lines);
            }

            BatchLines = lines;
        }

        return _length > 0;
    }

    public void MarkWritten()
    {
        Queue.CountWritten(BatchLines);
        _length = 0;
    }

    public void MarkLost()
    {
        Queue.CountLost(BatchLines);
        _length = 0;
    }
}
