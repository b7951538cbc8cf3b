namespace FilterProxy.Filters.AccessLog;

/// <summary>A filter's way to the place its lines go to, from its constructor to its end.</summary>
internal sealed class LogWriter : IAsyncDisposable
{
    // A pipe nobody reads must not keep the process from ending.
    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(5);
    private readonly ComponentContext _context;
    private readonly AccessLogOptions _options;
    private readonly LogQueue _queue;
    private readonly LogTargets _target;
    private CancellationTokenRegistration _stop;
    private bool _isStarted;

    /// <exception cref="ArgumentException">There is no folder for the file.</exception>
    public LogWriter(AccessLogOptions options, ComponentContext context)
    {
        (_context, _options) = (context, options);
        var path = LogFile.IsConsole(options.Path) ? options.Path : Path.GetFullPath(Path.Combine(context.ConfigDirectory, options.Path));
        _target = LogTargets.Of(options, path);
        if (options.IsFile && !LogFile.IsConsole(path) && !Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new ArgumentException($"path '{options.Path}' has no folder '{Path.GetDirectoryName(path)}' to be in; create it first");
        }

        if (options.IsFile && Directory.Exists(path))
        {
            throw new ArgumentException($"path '{options.Path}' is a folder; name a file in it");
        }

        _queue = new LogQueue(options.BufferSize.Bytes, context.Meter);
    }

    /// <summary>Opens what is written to.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public ValueTask StartAsync(CancellationToken stop)
    {
        try
        {
            LogSinks.Attach(_target, new LogOutlet(_queue, _options.FlushInterval, _options.Rotate, _context.Logger), _context.Time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{_context.Place}: path '{_options.Path}' cannot be opened: {e.Message}", e);
        }

        _isStarted = true;
        _stop = stop.Register(_queue.Complete);
        return default;
    }

    /// <summary>Takes a line, with its line feed.</summary>
    public void Write(ReadOnlySpan<byte> line) => _queue.Enqueue(line);

    /// <summary>Returns when all lines are written.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Complete();
        await _stop.DisposeAsync();
        if (!_isStarted)
        {
            return;
        }

        try
        {
            await _queue.Emptied.WaitAsync(LastLines);
            _queue.CountDropped();
        }
        catch (TimeoutException)
        {
            Log.Stuck(_context.Logger, _target.Name);
        }
    }
}
