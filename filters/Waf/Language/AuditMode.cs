namespace FilterProxy.Filters.Waf.Language;

/// <summary>Which exchanges are written into the audit log.</summary>
internal enum AuditMode
{
    Off,
    RelevantOnly,
    On,
}
