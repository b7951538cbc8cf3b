using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>A service as a server knows it: what it may carry, what it has carried, and what went wrong last. It outlives its agents.</summary>
internal sealed class ServiceRecord(ServiceOwner owner)
{
    private ServiceTerms _terms = ServiceTerms.Default;
    private volatile ServiceRates? _rates;
    private volatile string? _lastError;
    private int _active;
    private long _served, _toAgents, _toClients;

    public ServiceOwner Owner => owner;

    /// <summary>Its rates; null for none.</summary>
    public ServiceRates? Rates => _rates;

    /// <summary>Places it has now. Changed under the lock of <see cref="ServiceTable"/>.</summary>
    public int Places { get; set; }

    /// <summary>Clients it serves now: connections, or requests.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Clients it has served.</summary>
    public long Served => Volatile.Read(ref _served);

    /// <summary>Bytes of clients that are done.</summary>
    public long BytesToAgents => Volatile.Read(ref _toAgents);

    /// <inheritdoc cref="BytesToAgents"/>
    public long BytesToClients => Volatile.Read(ref _toClients);

    /// <summary>Why a client was not served, the last time; null for never.</summary>
    public string? LastError => _lastError;

    /// <summary>Takes its rates over from what an agent says last; who is connected keeps those it has. Under the lock of <see cref="ServiceTable"/>.</summary>
    public void Apply(ServiceTerms terms, TimeProvider time)
    {
        if (ServiceRates.AreSame(_terms, terms))
        {
            return;
        }

        _terms = terms;
        _rates = ServiceRates.AreSame(terms, ServiceTerms.Default) ? null : new ServiceRates(terms, time);
    }

    /// <summary>A client is served; <see cref="End"/> follows.</summary>
    public void Begin() => Interlocked.Increment(ref _active);

    public void End(long toAgent, long toClient)
    {
        Interlocked.Decrement(ref _active);
        Interlocked.Increment(ref _served);
        Interlocked.Add(ref _toAgents, toAgent);
        Interlocked.Add(ref _toClients, toClient);
    }

    public void Fail(string reason) => _lastError = reason;
}
