namespace FilterProxy.Filters.AccessLog;

/// <summary>The form of a line in the access log.</summary>
public enum AccessLogFormat
{
    /// <summary>Text by a template.</summary>
    Text,

    /// <summary>One JSON object.</summary>
    Json,
}
