using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Decides when a log begins a new file, and keeps its old ones in order. For the thread that writes the log.</summary>
internal sealed class LogRotation(string path, LogFile file, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);
    private readonly LogArchive _archive = new(path);
    private readonly CancellationTokenSource _stop = new();
    private Task _tidying = Task.CompletedTask;
    private DateTime? _began;
    private long _notBefore;

    /// <summary>Puts the file aside when its time has come or when <paramref name="incoming"/> bytes would be too much for it.</summary>
    public void RotateIfDue(RotateOptions? options, int incoming, ILogger logger)
    {
        if (options is null || time.GetTimestamp() < _notBefore)
        {
            return;
        }

        try
        {
            file.Open();
            var now = time.GetUtcNow().UtcDateTime;
            var began = _began ??= file.LastWritten ?? now;
            var length = file.Length;
            if (length == 0)
            {
                _began = now;
                return;
            }

            if ((options.Size is not { } size || length + incoming <= size.Bytes) && (options.Every is not { } period || PeriodOf(began, period) == PeriodOf(now, period)))
            {
                return;
            }

            file.Close();
            _archive.Add(now);
            _began = now;
            Tidy(options, logger);
        }
        catch (Exception e)
        {
            _notBefore = time.GetTimestamp() + (long)(RetryAfter.TotalSeconds * time.TimestampFrequency);
            Log.CannotRotate(logger, path, e.Message);
        }
    }

    /// <summary>Stops compressing; what is not compressed yet is by the next rotation.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _tidying.Wait();
        _stop.Dispose();
    }

    private static long PeriodOf(DateTime point, RotationPeriod period) =>
        point.Ticks / (period == RotationPeriod.Hour ? TimeSpan.TicksPerHour : TimeSpan.TicksPerDay);

    // Compressing takes long: lines must not wait for it. One at a time, because each looks at all files.
    private void Tidy(RotateOptions options, ILogger logger) => _tidying = _tidying.ContinueWith(
        _ =>
        {
            try
            {
                _archive.Tidy(options.Keep, options.Compress, _stop.Token);
            }
            catch (Exception e)
            {
                Log.CannotTidy(logger, path, e.Message);
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.None,
        TaskScheduler.Default);
}
