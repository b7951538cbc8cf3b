using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Resp;

/// <summary>
/// A server and the connection to it, made when it is first needed and again after it broke. Callers wait for a connection only while nothing
/// has failed yet; after a failure they are told at once, and it is tried again beside them, less and less often.
/// </summary>
internal sealed class RespNode(string name, Func<CancellationToken, ValueTask<ConnectionContext>> open, RedisOptions options, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile RespConnection? _current;
    private Task<RespConnection?>? _connecting;
    private TimeSpan _backoff;
    private long _failedAt;
    private bool _isDisposed;

    /// <summary>Callers that wait for a connection, at most as many as may wait for an answer.</summary>
    private int _waiting;

    public string Name => name;

    /// <summary>Whether it was out of reach when it was last tried.</summary>
    public bool IsAway => Volatile.Read(ref _failedAt) != 0;

    /// <summary>The connection; null when there is none.</summary>
    public ValueTask<RespConnection?> GetAsync() => _current is { IsOpen: true } open ? new(open) : new(WaitAsync());

    /// <summary>Ends the connection: the next one may lead elsewhere.</summary>
    public void Drop() => _current?.Dispose();

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        _stop.Cancel();
        _current?.Dispose();
    }

    private async Task<RespConnection?> WaitAsync()
    {
        if (Begin() is not { } connecting)
        {
            return null;
        }

        if (Interlocked.Increment(ref _waiting) > options.MaxPending)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }

        try
        {
            return await connecting.WaitAsync(options.Timeout, time);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    // Who asks after a failure does not wait: then nothing is returned, though it may be tried.
    private Task<RespConnection?>? Begin()
    {
        lock (_gate)
        {
            if (_current is { IsOpen: true } open)
            {
                return Task.FromResult<RespConnection?>(open);
            }

            var isAway = IsAway;
            if (_isDisposed || (isAway && time.GetElapsedTime(_failedAt) < _backoff))
            {
                return null;
            }

            // Not on the caller's thread, which may be an event loop: connecting may look up a name.
            _connecting ??= Task.Run(ConnectAsync);
            return isAway ? null : _connecting;
        }
    }

    private async Task<RespConnection?> ConnectAsync()
    {
        var (connection, problem) = await TryConnectAsync();
        bool changed;
        lock (_gate)
        {
            _connecting = null;
            changed = IsAway == connection is not null;
            _current = connection;
            _failedAt = connection is null ? Math.Max(1, time.GetTimestamp()) : 0;
            _backoff = connection is null ? TimeSpan.FromTicks(Math.Min(Math.Max(_backoff.Ticks * 2, FirstBackoff.Ticks), options.MaxBackoff.Ticks)) : TimeSpan.Zero;
            if (_isDisposed)
            {
                connection?.Dispose();
                return null;
            }
        }

        if (changed && connection is null)
        {
            log.LogWarning("redis {Name} cannot be used: {Problem}. It is tried again until it can.", name, problem);
        }
        else if (changed)
        {
            log.LogInformation("redis {Name} is back.", name);
        }

        return connection;
    }

    private async Task<(RespConnection? Connection, string Problem)> TryConnectAsync()
    {
        RespConnection? connection = null;
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            var opened = await open(either.Token);
            connection = new RespConnection(opened, options, time);
            if (await RespLogin.RunAsync(connection, options) is { } problem)
            {
                connection.Dispose();
                return (null, problem);
            }

            connection.SetPatience(options.Timeout);
            return (connection, "");
        }
        catch (Exception e) when (e is UpstreamException or OperationCanceledException or IOException or NotSupportedException)
        {
            connection?.Dispose();
            return (null, e is OperationCanceledException ? "no connection in time" : e.Message);
        }
    }
}
