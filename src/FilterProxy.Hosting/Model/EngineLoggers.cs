using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FilterProxy.Hosting.Model;

/// <summary>
/// The host's log as the engine uses it: every listener is a small host of its own, and what those say about their life (and of a
/// start that failed, with a stack trace) the engine says once and better.
/// </summary>
internal sealed class EngineLoggers(ILoggerFactory loggers) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("Microsoft.Hosting", StringComparison.Ordinal)
        || categoryName.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal)
            ? NullLogger.Instance
            : loggers.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    // The host's own.
    public void Dispose()
    {
    }
}
