namespace FilterProxy.Filters.AccessLog;

/// <summary>Writes a line about every exchange to a file, the standard output, a syslog receiver or an OpenTelemetry collector.</summary>
[Component("access_log")]
public sealed class AccessLogFilter : ILoggingFilter, IStartable, IAsyncDisposable
{
    [ThreadStatic]
    private static LineBuffer? _line;

    private readonly ExchangeSelector _selector;
    private readonly ILineFormat _format;
    private readonly LogWriter _writer;

    /// <summary>Checks what the options name; the file is opened by <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">There is no folder for the file.</exception>
    public AccessLogFilter(AccessLogOptions options, ComponentContext context)
    {
        var mask = options.Mask.ToMask();
        _selector = new ExchangeSelector(options);
        ILineFormat format = options.Format == AccessLogFormat.Json
            ? new JsonLineFormat(options.Fields, options.DefaultFields, mask)
            : new TextLineFormat(options.TextFormat, mask);
        _format = options.Otlp is null ? format : new OtlpLineFormat(format);
        _writer = new LogWriter(options, context);
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop) => _writer.StartAsync(stop);

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
        _writer.Write(line.Written);
    }

    /// <summary>Returns when all lines are written.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
