namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>A host name or a port that is taken, and those that serve it. Changed under the lock of <see cref="ServiceTable"/>.</summary>
internal sealed class ServiceClaim(ServiceRecord record)
{
    private readonly Dictionary<ServiceMember, (int Count, int Weight)> _counts = [];
    private volatile ServiceTurns _turns = ServiceTurns.None;

    public ServiceOwner Owner => record.Owner;

    /// <summary>What the service may carry, and has carried.</summary>
    public ServiceRecord Record => record;

    /// <summary>What listens for it; null where it is a host name.</summary>
    public IDisposable? Port { get; set; }

    public bool IsEmpty => _counts.Count == 0;

    /// <summary>Those that serve it, and which of them is the next: if it cannot, others may.</summary>
    public (ServiceMember[] Members, int First) Turn
    {
        get
        {
            var turns = _turns;
            return (turns.Members, turns.Next());
        }
    }

    /// <summary>One more connection of an agent serves it; what that one says of its weight holds.</summary>
    public void Enter(ServiceMember member, int weight)
    {
        var isKnown = _counts.TryGetValue(member, out var known);
        _counts[member] = (known.Count + 1, weight);
        if (!isKnown || known.Weight != weight)
        {
            TakeTurns();
        }
    }

    public void Leave(ServiceMember member)
    {
        var (count, weight) = _counts[member];
        if (count > 1)
        {
            _counts[member] = (count - 1, weight);
            return;
        }

        _counts.Remove(member);
        TakeTurns();
    }

    private void TakeTurns() => _turns = new ServiceTurns([.. _counts.Select(known => (known.Key, known.Value.Weight))]);
}
