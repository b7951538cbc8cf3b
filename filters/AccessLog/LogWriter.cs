using System.Buffers;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// Takes lines from any thread without blocking and writes them in batches from a loop of its own. A full queue drops lines, a
/// failing disk loses them; both are counted and neither is felt by traffic.
/// </summary>
internal sealed class LogWriter : IAsyncDisposable
{
    private const int BatchSize = 64 * 1024;
    private readonly Channel<ArraySegment<byte>> _queue;
    private readonly LogFile _file;
    private readonly ILogger _logger;
    private readonly Counter<long> _written, _dropped, _lost;
    private readonly ArrayBufferWriter<byte> _batch = new(BatchSize);
    private CancellationTokenRegistration _stop;
    private Task _loop = Task.CompletedTask;
    private bool _failing;

    public LogWriter(LogFile file, int queueSize, ILogger logger, Meter meter)
    {
        _file = file;
        _logger = logger;
        _queue = Channel.CreateBounded<ArraySegment<byte>>(new BoundedChannelOptions(queueSize) { SingleReader = true });
        _written = meter.CreateCounter<long>("filterproxy.access_log.written", description: "Lines written.");
        _dropped = meter.CreateCounter<long>("filterproxy.access_log.dropped", description: "Lines dropped because the queue was full.");
        _lost = meter.CreateCounter<long>("filterproxy.access_log.lost", description: "Lines lost because writing failed.");
    }

    /// <summary>Opens the file and begins to write.</summary>
    public void Start(CancellationToken stop)
    {
        _file.Open();
        _loop = Task.Run(WriteLoopAsync, CancellationToken.None);
        _stop = stop.Register(() => _queue.Writer.TryComplete());
    }

    /// <summary>Takes a line in an array of the shared pool, which is the writer's from now on.</summary>
    public void Enqueue(ArraySegment<byte> line)
    {
        if (!_queue.Writer.TryWrite(line))
        {
            ArrayPool<byte>.Shared.Return(line.Array!);
            _dropped.Add(1);
        }
    }

    /// <summary>Writes what is queued, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        await _stop.DisposeAsync();
        await _file.DisposeAsync();
    }

    private async Task WriteLoopAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var lines = 0;
            while (_batch.WrittenCount < BatchSize && _queue.Reader.TryRead(out var line))
            {
                _batch.Write(line);
                ArrayPool<byte>.Shared.Return(line.Array!);
                lines++;
            }

            await WriteBatchAsync(lines);
            _batch.ResetWrittenCount();
        }
    }

    private async ValueTask WriteBatchAsync(int lines)
    {
        try
        {
            await _file.WriteAsync(_batch.WrittenMemory);
            _written.Add(lines);
            if (_failing)
            {
                _failing = false;
                _logger.LogInformation("The access log is being written again.");
            }
        }
        catch (Exception e)
        {
            _lost.Add(lines);
            if (!_failing)
            {
                _failing = true;
                _logger.LogError(e, "The access log cannot be written; lines are lost until it can.");
            }
        }
    }
}
