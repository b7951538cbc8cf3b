using System.Collections.Concurrent;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>The connections one component has let in, whichever instance of it, so that a reload can look at them again.</summary>
internal sealed class AdmittedTunnels
{
    private readonly ConcurrentDictionary<TunnelAdmission, byte> _all = new();

    public IEnumerable<TunnelAdmission> All => _all.Keys;

    public void Add(TunnelAdmission admission) => _all[admission] = 0;

    public void Remove(TunnelAdmission admission) => _all.TryRemove(admission, out _);
}
