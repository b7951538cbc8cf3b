using System.Collections.Concurrent;

namespace FilterProxy.Filters.Jose;

/// <summary>Copies of a key object, because one may be used by one thread at a time only. As many as were ever in use at once.</summary>
internal sealed class InstancePool<T>(Func<T> create)
    where T : class
{
    private readonly ConcurrentQueue<T> _spare = new();
    private T? _first;

    public T Rent() => Interlocked.Exchange(ref _first, null) ?? (_spare.TryDequeue(out var spare) ? spare : create());

    public void Return(T instance)
    {
        if (Interlocked.CompareExchange(ref _first, instance, null) is not null)
        {
            _spare.Enqueue(instance);
        }
    }
}
