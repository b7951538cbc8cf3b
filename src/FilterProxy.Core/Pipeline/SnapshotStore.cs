namespace FilterProxy.Core.Pipeline;

/// <summary>Holds the snapshot new exchanges begin under. Swapping is one write; who began under the old one keeps it.</summary>
internal sealed class SnapshotStore(ProxySnapshot first)
{
    private volatile ProxySnapshot _current = first;

    public ProxySnapshot Current => _current;

    /// <summary>
    /// Puts a snapshot in force. Who looks for holders of the old one after this sees every exchange that began under it: the fence
    /// is here, where it is rare, and not in every request.
    /// </summary>
    public void Swap(ProxySnapshot next)
    {
        _current = next;
        Interlocked.MemoryBarrierProcessWide();
    }
}
