using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Writes a line about every connection of its listener when it has ended, relayed ones above all: bytes, duration, upstream, reason.</summary>
[Component("connection_log")]
public sealed class ConnectionLogFilter : IConnectionFilter, IConnectionLoggingFilter, IStartable, IAsyncDisposable
{
    [ThreadStatic]
    private static LineBuffer? _line;

    private readonly ConnectionLogOptions _options;
    private readonly LogWriter _writer;
    private readonly TimeProvider _time;

    /// <summary>Checks what the options name; the file is opened by <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">There is no folder for the file.</exception>
    public ConnectionLogFilter(ConnectionLogOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _time = context.Time;
        _writer = new LogWriter(options.ToAccessLog(), context);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop) => _writer.StartAsync(stop);

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next) => next(connection);

    /// <inheritdoc/>
    public void OnConnectionClosed(ConnectionContext connection, ConnectionStats stats)
    {
        if (stats.Duration < _options.MinDuration)
        {
            return;
        }

        var line = _line ??= new LineBuffer();
        line.Reset();
        ConnectionLine.Write(connection, stats, _time.GetUtcNow(), _options.Format, line);
        _writer.Write(line.Written);
    }

    /// <summary>Returns when all lines are written.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
