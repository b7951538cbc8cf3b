namespace FilterProxy.Filters.AccessLog;

/// <summary>Writes a line about every exchange to a file or the standard output.</summary>
[Component("access_log")]
public sealed class AccessLogFilter : ILoggingFilter, IStartable, IAsyncDisposable
{
    [ThreadStatic]
    private static LineBuffer? _line;

    private readonly ILineFormat _format;
    private readonly LogWriter _writer;

    /// <summary>Checks the options; the file is opened by <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">They contradict each other.</exception>
    public AccessLogFilter(AccessLogOptions options, ComponentContext context)
    {
        if (options.Format == AccessLogFormat.Json && options.TextFormat is not null)
        {
            throw new ArgumentException("text_format has no effect with format: json; use fields", nameof(options));
        }

        if (options.Format == AccessLogFormat.Text && options.Fields.Count > 0)
        {
            throw new ArgumentException("fields have no effect with format: text; use text_format", nameof(options));
        }

        if (options.QueueSize < 1 || string.IsNullOrWhiteSpace(options.Path))
        {
            throw new ArgumentException("queue_size must be at least 1 and path must not be empty", nameof(options));
        }

        _format = options.Format == AccessLogFormat.Json ? new JsonLineFormat(options.Fields) : new TextLineFormat(options.TextFormat);
        var path = Path.Combine(context.ConfigDirectory, options.Path);
        _writer = new LogWriter(new LogFile(path, context.Time), options.QueueSize, context.Logger, context.Meter);
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        _writer.Start(stop);
        return default;
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        var line = _line ??= new LineBuffer();
        line.Reset();
        _format.Write(exchange, line);
        _writer.Enqueue(line.Detach());
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
