namespace FilterProxy.Filters.Waf;

/// <summary>The form of entries in the audit log.</summary>
public enum AuditFormat
{
    /// <summary>A line of JSON.</summary>
    Json,

    /// <summary>The parts of ModSecurity's serial format.</summary>
    Native,
}
