using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.Rbac;

/// <summary>What the filter counts. Policies have names of the configuration: there are only so many.</summary>
internal sealed class RbacMetrics(Meter meter)
{
    private static readonly KeyValuePair<string, object?> Allow = new("decision", "allow"), Deny = new("decision", "deny"), None = new("policy", "-");

    private readonly Counter<long> _decisions =
        meter.CreateCounter<long>("filterproxy.rbac.decisions", "{request}", "Requests by decision, allow or deny, and the policy that decided; - where none fits.");

    private readonly Counter<long> _shadow =
        meter.CreateCounter<long>("filterproxy.rbac.shadow", "{request}", "Requests a shadow policy would have decided otherwise, by its decision, allow or deny, and the policy.");

    public void Count(in Decision decision)
    {
        _decisions.Add(1, decision.IsAllowed ? Allow : Deny, decision.By is { } by ? new("policy", by.Name) : None);
        if (decision.Otherwise is { } shadow)
        {
            _shadow.Add(1, decision.IsAllowed ? Deny : Allow, new("policy", shadow.Name));
        }
    }
}
