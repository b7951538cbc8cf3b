namespace FilterProxy.Core.Transport;

/// <summary>Connections open at a time over all pools of a cluster, exactly.</summary>
/// <param name="max">The most; 0 for no limit.</param>
internal sealed class ConnectionLimit(int max)
{
    private int _open;

    /// <summary>Connections open now, or being opened.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Closes an idle connection of any pool; false when there is none.</summary>
    public Func<bool>? CloseIdle { get; set; }

    /// <summary>Takes a place, of an idle connection if need be; <see cref="Return"/> follows.</summary>
    public bool TryTake()
    {
        while (true)
        {
            var open = Open;
            if (max > 0 && open >= max)
            {
                if (CloseIdle?.Invoke() != true)
                {
                    return false;
                }
            }
            else if (Interlocked.CompareExchange(ref _open, open + 1, open) == open)
            {
                return true;
            }
        }
    }

    /// <summary>Takes a place for a connection that is there already, whatever the limit is.</summary>
    public void Take() => Interlocked.Increment(ref _open);

    public void Return() => Interlocked.Decrement(ref _open);
}
