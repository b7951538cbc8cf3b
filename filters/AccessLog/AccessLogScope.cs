namespace FilterProxy.Filters.AccessLog;

/// <summary>Which exchanges an access log is about.</summary>
public enum AccessLogScope
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>Those that failed: status 5xx or none, or a response flag that tells of a failure.</summary>
    Errors,
}
