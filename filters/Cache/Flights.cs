using System.Collections.Concurrent;

namespace FilterProxy.Filters.Cache;

/// <summary>Fetches under way that others wait for, by what is fetched.</summary>
internal sealed class Flights
{
    private readonly ConcurrentDictionary<byte[], Flight> _flights = new(KeyComparer.Instance);

    // For what turned out not to be kept nobody waits for a while: the upper bits are the key's, the lower ones the second it ends.
    private readonly ulong[] _unkept = new ulong[4096];

    /// <summary>How long it is remembered that an answer was not kept.</summary>
    private const long MemorySeconds = 10;
    private const ulong SecondBits = 0xFFFFF;

    /// <summary>Joins the fetch of a key, or becomes the one who makes it.</summary>
    /// <param name="key">What is fetched.</param>
    /// <param name="leads">Whether the caller makes it, and must end it.</param>
    public Flight Join(byte[] key, out bool leads)
    {
        var own = new Flight(this, key);
        var flight = _flights.GetOrAdd(key, own);
        leads = ReferenceEquals(flight, own);
        return flight;
    }

    /// <summary>Whether waiting for a key is likely to be for nothing.</summary>
    public bool IsUnkept(ReadOnlySpan<byte> key, long now)
    {
        var hash = (ulong)(uint)KeyComparer.Hash(key);
        var entry = Volatile.Read(ref _unkept[hash % (ulong)_unkept.Length]);
        return entry >> 20 == hash && (long)(entry & SecondBits) > ((now / 1000) & (long)SecondBits);
    }

    /// <summary>Remembers that a key's answer was not kept.</summary>
    public void NoteUnkept(ReadOnlySpan<byte> key, long now)
    {
        var hash = (ulong)(uint)KeyComparer.Hash(key);
        Volatile.Write(ref _unkept[hash % (ulong)_unkept.Length], (hash << 20) | ((ulong)((now / 1000) + MemorySeconds) & SecondBits));
    }

    private void Remove(Flight flight) => _flights.TryRemove(KeyValuePair.Create(flight.Key, flight));

    /// <summary>One fetch.</summary>
    internal sealed class Flight(Flights owner, byte[] key)
    {
        private readonly TaskCompletionSource _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public byte[] Key { get; } = key;

        /// <summary>Completes when the answer is kept, or will not be.</summary>
        public Task Landed => _landed.Task;

        /// <summary>Lets those go on who wait. More than once does no harm.</summary>
        public void Land()
        {
            owner.Remove(this);
            _landed.TrySetResult();
        }
    }
}
