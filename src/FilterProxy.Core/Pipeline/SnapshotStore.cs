namespace FilterProxy.Core.Pipeline;

/// <summary>Holds the snapshot new exchanges begin under. Swapping is one write; who began under the old one keeps it.</summary>
internal sealed class SnapshotStore(ProxySnapshot first)
{
    private volatile ProxySnapshot _current = first;

    public ProxySnapshot Current => _current;

    public void Swap(ProxySnapshot next) => _current = next;
}
