using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// The UDP listeners that run. As with the others a configuration is taken over in two steps: what is new is bound first, which may fail and
/// then changes nothing. One whose address stays keeps its socket.
/// </summary>
internal sealed class DatagramListeners(ProxyServices services) : IAsyncDisposable
{
    private List<DatagramListener> _listeners = [];

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<DatagramListener> All => _listeners;

    /// <summary>Binds what the plans need and nobody has bound yet.</summary>
    /// <exception cref="EngineException">An address could not be bound: all such are named, and nothing new stays bound.</exception>
    public async Task<IReadOnlyList<(DatagramListener Listener, DatagramPlan Plan)>> PrepareAsync(IReadOnlyList<DatagramPlan> plans)
    {
        var free = _listeners.ToList();
        var prepared = new List<(DatagramListener Listener, DatagramPlan Plan)>();
        var errors = new StartErrors();
        foreach (var plan in plans)
        {
            var kept = free.Find(l => l.Plan.Address.Equals(plan.Address) && (plan.Address.Port != 0 || l.Plan.Name == plan.Name));
            try
            {
                prepared.Add((kept ?? DatagramListener.Bind(plan, services), plan));
            }
            catch (Exception e) when (StartErrors.IsExpected(e))
            {
                errors.Add(plan, e);
            }

            free.Remove(kept!);
        }

        if (!errors.IsEmpty)
        {
            await AbandonAsync(prepared);
            errors.ThrowIfAny();
        }

        return prepared;
    }

    /// <summary>Closes what <see cref="PrepareAsync"/> bound: the configuration is not taken over.</summary>
    public async Task AbandonAsync(IReadOnlyList<(DatagramListener Listener, DatagramPlan Plan)> prepared)
    {
        foreach (var (listener, _) in prepared)
        {
            if (!_listeners.Contains(listener))
            {
                await listener.DisposeAsync();
            }
        }
    }

    /// <summary>Gives every listener its plan and ends those no longer wanted.</summary>
    public async Task CommitAsync(IReadOnlyList<(DatagramListener Listener, DatagramPlan Plan)> prepared)
    {
        var gone = _listeners.Except(prepared.Select(p => p.Listener)).ToList();
        foreach (var (listener, plan) in prepared)
        {
            if (!_listeners.Contains(listener))
            {
                services.Log.Listening($"udp://{listener.Address}", plan.Name);
            }

            await listener.ServeAsync(plan);
        }

        _listeners = [.. prepared.Select(p => p.Listener)];
        foreach (var listener in gone)
        {
            services.Log.ListenerRemoved(listener.Plan.Name, TimeSpan.Zero);
            await listener.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners = [];
    }
}
