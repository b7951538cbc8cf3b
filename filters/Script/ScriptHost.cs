using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Script;

/// <summary>What scripts of a running proxy use: its clock, its log and real chance.</summary>
internal sealed partial class ScriptHost(TimeProvider time, ILogger logger) : IScriptHost
{
    public double Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    public double Random() => System.Random.Shared.NextDouble();

    public void Write(string level, string text)
    {
        // A client's text must not begin a line of its own.
        var line = text.ReplaceLineEndings("\\n");
        switch (level)
        {
            case "error":
                Error(logger, line);
                break;
            case "warn":
                Warn(logger, line);
                break;
            default:
                Info(logger, line);
                break;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Text}")]
    private static partial void Info(ILogger logger, string text);

    [LoggerMessage(2, LogLevel.Warning, "{Text}")]
    private static partial void Warn(ILogger logger, string text);

    [LoggerMessage(3, LogLevel.Error, "{Text}")]
    private static partial void Error(ILogger logger, string text);
}
