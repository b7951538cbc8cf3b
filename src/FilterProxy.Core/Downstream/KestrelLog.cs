using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// What Kestrel's engine logs on one listener. It refuses much by itself, before there is an exchange: broken frames, floods, field
/// lists without end. Nothing but its log says so, each time, some of it as critical. Here every refusal is counted, and the log gets one
/// line for each kind in a while.
/// </summary>
internal sealed class KestrelLog(ILoggerFactory inner, ConnectionEntry entry, ProxyServices services) : ILoggerFactory
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";
    private string _lastEnded = "";

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith(Kestrel, StringComparison.Ordinal)
        ? new Category(this, inner.CreateLogger(categoryName), ToldInDebug(categoryName))
        : inner.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>The factory is the host's.</summary>
    public void Dispose()
    {
    }

    // Those categories tell of refusals, and otherwise of little. Frames are told as Trace.
    private static bool ToldInDebug(string category) => category[Kestrel.Length..] is ".Http2" or ".Http3" or ".BadRequests";

    private bool IsNews(string kind) => entry.Refusals.TryTake(kind, out _);

    /// <returns>Whether it was a refusal.</returns>
    private bool TryTake(EventId id, object? state, Exception? exception)
    {
        switch (id.Name)
        {
            // Also after the end, for each frame that could not be sent any more.
            case "Http2QueueOperationsExceeded" or "Http2FlowControlQueueOperationsExceeded":
                EndConnection(state, "output_queue_full", exception?.Message ?? "");
                return true;

            case "Http2TooManyEnhanceYourCalms":
                EndConnection(state, "enhance_your_calm", "The client went on opening streams beyond the limit.");
                return true;

            case "PossibleInvalidHttpVersionDetected":
                EndConnection(state, "not_http2", "It does not speak HTTP/2.");
                return true;

            case "Http2ConnectionError" or "Http3ConnectionError":
                EndConnection(state, ReasonOf(exception), TextOf(exception));
                return true;

            case "Http2StreamError":
                entry.Refusals.Add("stream", ReasonOf(exception), Value(state, "ConnectionId"), TextOf(exception));
                return true;

            case "Http2StreamResetAbort" when Value(state, "error") is { } error && error != "INTERNAL_ERROR":
                // INTERNAL_ERROR is what exchanges that fail are cut with.
                entry.Refusals.Add("stream", error.ToLowerInvariant(), Value(state, "TraceIdentifier")?.Split(':')[0], exception?.Message ?? "");
                return true;

            case "ConnectionBadRequest":
                entry.Refusals.Add("request", "bad_request", Value(state, "ConnectionId"), exception?.Message ?? "");
                return true;

            case "ResponseMinimumDataRateNotSatisfied":
                services.Limits.Reached(Limit.ResponseBodyRate);
                return true;

            default:
                return false;
        }
    }

    private void EndConnection(object? state, string reason, string text)
    {
        var connection = Value(state, "ConnectionId") ?? "";
        if (Interlocked.Exchange(ref _lastEnded, connection) != connection)
        {
            entry.Refusals.Add("connection", reason, connection, text);
        }
    }

    // "HTTP/2 connection error (PROTOCOL_ERROR): The client sent …"
    private static string ReasonOf(Exception? exception)
    {
        var message = exception?.Message ?? "";
        var (open, close) = (message.IndexOf('(', StringComparison.Ordinal), message.IndexOf(')', StringComparison.Ordinal));
        return open >= 0 && close > open ? message[(open + 1)..close].ToLowerInvariant() : "error";
    }

    private static string TextOf(Exception? exception)
    {
        var message = exception?.Message ?? "";
        var end = message.IndexOf("): ", StringComparison.Ordinal);
        return end < 0 ? message : message[(end + 3)..];
    }

    private static string? Value(object? state, string name)
    {
        foreach (var (key, value) in state as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
        {
            if (key == name)
            {
                return value?.ToString();
            }
        }

        return null;
    }

    private sealed class Category(KestrelLog log, ILogger inner, bool debug) : ILogger
    {
        // Of its scopes there is one that matters, around the whole life of a connection, and it says no more than the connection's id: every
        // idle connection would keep it, and everything on it run with a context.
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => (debug && logLevel >= LogLevel.Debug) || inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (log.TryTake(eventId, state, exception) || !inner.IsEnabled(logLevel))
            {
                return;
            }

            // Whatever else a client makes it warn of, it can make it warn of again and again.
            if (logLevel < LogLevel.Warning || log.IsNews($"{eventId.Id} {exception?.GetType().Name}"))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

}
