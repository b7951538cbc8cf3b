using Microsoft.Extensions.Logging;

namespace FilterProxy.Host;

/// <summary>How much the process says in its log; may change while it runs.</summary>
internal sealed class LogLevels
{
    /// <summary>What was done over the admin API: said at any level: who changes that is to be seen as well.</summary>
    public const string AuditCategory = "FilterProxy.Audit";

    private volatile int _level = (int)LogLevel.Information;

    /// <summary>The least important level that is said.</summary>
    public LogLevel Level
    {
        get => (LogLevel)_level;
        set => _level = (int)value;
    }

    public bool IsEnabled(string? category, LogLevel level) => level >= Level || (category == AuditCategory && level >= LogLevel.Information);
}
