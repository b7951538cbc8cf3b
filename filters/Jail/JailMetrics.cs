using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.Jail;

/// <summary>What a jail counts.</summary>
internal sealed class JailMetrics
{
    private readonly Counter<long> _offences;
    private readonly Counter<long> _bans;
    private readonly Counter<long> _refused;

    public JailMetrics(Meter meter, string place, JailState state)
    {
        _offences = meter.CreateCounter<long>("filterproxy.jail.offences", "{request}", "Requests that were offences, by offence.");
        _bans = meter.CreateCounter<long>("filterproxy.jail.bans", "{client}", "Clients banned here, by the offence that was one too many.");
        _refused = meter.CreateCounter<long>("filterproxy.jail.refused", "{request}", "Requests of clients that are banned.");
        var weak = new WeakReference<JailState>(state);
        meter.CreateObservableGauge(
            "filterproxy.jail.banned",
            () => weak.TryGetTarget(out var jail) ? [new Measurement<long>(jail.BanCount, new KeyValuePair<string, object?>("jail", place))] : Array.Empty<Measurement<long>>(),
            "{client}",
            "Clients that are banned now.");
    }

    public void CountOffence(string name) => _offences.Add(1, new KeyValuePair<string, object?>("offence", name));

    public void CountBan(string name) => _bans.Add(1, new KeyValuePair<string, object?>("offence", name));

    public void CountRefused() => _refused.Add(1);
}
