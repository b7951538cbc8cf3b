using FilterProxy.Filters.Waf.Engine;

namespace FilterProxy.Filters.Waf.Auditing;

/// <summary>What the audit log tells of one exchange; everything is copied, as the exchange is over when it is written.</summary>
/// <param name="Transaction">What rules saw.</param>
/// <param name="Route">The route's name.</param>
/// <param name="Status">The status that was answered.</param>
/// <param name="RemotePort">The client's port.</param>
/// <param name="Blocked">Whether a rule stopped it.</param>
internal sealed record AuditEntry(Transaction Transaction, string Route, int Status, int RemotePort, bool Blocked);
