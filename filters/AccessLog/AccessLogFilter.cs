namespace FilterProxy.Filters.AccessLog;

/// <summary>Writes a line about every exchange to a file, the standard output, a syslog receiver or an OpenTelemetry collector.</summary>
[Component("access_log")]
public sealed class AccessLogFilter : ILoggingFilter, IStartable, IAsyncDisposable
{
    // A pipe nobody reads must not keep the process from ending.
    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static LineBuffer? _line;

    private readonly ComponentContext _context;
    private readonly AccessLogOptions _options;
    private readonly ExchangeSelector _selector;
    private readonly ILineFormat _format;
    private readonly LogQueue _queue;
    private readonly string _path;
    private readonly LogTargets _target;
    private CancellationTokenRegistration _stop;
    private bool _isStarted;

    /// <summary>Checks what the options name; the file is opened by <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">There is no folder for the file.</exception>
    public AccessLogFilter(AccessLogOptions options, ComponentContext context)
    {
        _context = context;
        _options = options;
        _path = LogFile.IsConsole(options.Path) ? options.Path : Path.GetFullPath(Path.Combine(context.ConfigDirectory, options.Path));
        _target = LogTargets.Of(options, _path);
        if (options.IsFile && !LogFile.IsConsole(_path) && !Directory.Exists(Path.GetDirectoryName(_path)))
        {
            throw new ArgumentException($"path '{options.Path}' has no folder '{Path.GetDirectoryName(_path)}' to be in; create it first");
        }

        if (options.IsFile && Directory.Exists(_path))
        {
            throw new ArgumentException($"path '{options.Path}' is a folder; name a file in it");
        }

        var mask = options.Mask.ToMask();
        _selector = new ExchangeSelector(options);
        ILineFormat format = options.Format == AccessLogFormat.Json
            ? new JsonLineFormat(options.Fields, options.DefaultFields, mask)
            : new TextLineFormat(options.TextFormat, mask);
        _format = options.Otlp is null ? format : new OtlpLineFormat(format);
        _queue = new LogQueue(options.BufferSize.Bytes, context.Meter);
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (!_selector.IsWanted(exchange))
        {
            return;
        }

        var line = _line ??= new LineBuffer();
        line.Reset();
        _format.Write(exchange, line);
        _queue.Enqueue(line.Written);
    }

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
