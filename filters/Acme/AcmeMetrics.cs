using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FilterProxy.Filters.Acme.Renewal;

namespace FilterProxy.Filters.Acme;

/// <summary>The instruments of all sources: made once, whatever configurations come and go.</summary>
internal sealed class AcmeMetrics
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<RenewalState, bool> _shown = new();
    private Counter<long>? _attempts;

    /// <summary>A state that counts with them.</summary>
    public RenewalState Add(Meter meter, string name)
    {
        lock (_lock)
        {
            if (_attempts is null)
            {
                _attempts = meter.CreateCounter<long>("filterproxy.acme.orders", "{order}", "Orders of certificates, by name and outcome (issued, failed).");
                meter.CreateObservableGauge(
                    "filterproxy.acme.expiry", () => Observe(s => s.Current?.NotAfter), "s", "When the certificate in use expires, in seconds since 1970.");
                meter.CreateObservableGauge(
                    "filterproxy.acme.next_renewal", () => Observe(s => s.Current is null ? null : s.NextRenewal), "s", "When it is to be renewed, in seconds since 1970.");
                meter.CreateObservableGauge(
                    "filterproxy.acme.failing", () => Observe(s => s.LastError.Length > 0 ? 1 : 0), "1", "1 while the last attempt is one that failed.");
            }

            return new RenewalState(_attempts, name);
        }
    }

    public void Show(RenewalState state) => _shown.TryAdd(state, true);

    public void Remove(RenewalState state) => _shown.TryRemove(state, out _);

    private IEnumerable<Measurement<long>> Observe(Func<RenewalState, DateTimeOffset?> read) =>
        Observe(s => read(s)?.ToUnixTimeSeconds());

    private IEnumerable<Measurement<long>> Observe(Func<RenewalState, long?> read)
    {
        foreach (var (state, _) in _shown)
        {
            if (read(state) is { } value)
            {
                yield return new Measurement<long>(value, new KeyValuePair<string, object?>("name", state.Name));
            }
        }
    }
}
