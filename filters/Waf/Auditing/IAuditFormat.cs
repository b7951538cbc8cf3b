using System.Text;

namespace FilterProxy.Filters.Waf.Auditing;

/// <summary>The form of entries. Characters written are bytes as Latin-1.</summary>
internal interface IAuditFormat
{
    void Write(AuditEntry entry, StringBuilder output);
}
