namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// Finds a series by a number without a lock and without writing anything: an immutable open-addressed table that is replaced when it
/// grows. Entries are never removed.
/// </summary>
internal sealed class SeriesTable<T>
    where T : class
{
    private readonly Lock _lock = new();
    private State _state = new(4);

    /// <summary>In no order.</summary>
    public IEnumerable<T> All => Volatile.Read(ref _state).Values.OfType<T>();

    public int Count => Volatile.Read(ref _state).Count;

    public T? Find(int key)
    {
        var state = Volatile.Read(ref _state);
        for (var i = Place(key, state.Keys.Length); state.Values[i] is { } value; i = (i + 1) & (state.Keys.Length - 1))
        {
            if (state.Keys[i] == key)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The entry of that key, made by the first that asks.</summary>
    public T GetOrAdd<TArgument>(int key, TArgument argument, Func<int, TArgument, T> make)
    {
        lock (_lock)
        {
            if (Find(key) is { } there)
            {
                return there;
            }

            var old = _state;
            var next = new State(old.Count * 2 >= old.Keys.Length ? old.Keys.Length * 2 : old.Keys.Length);
            for (var i = 0; i < old.Keys.Length; i++)
            {
                if (old.Values[i] is { } value)
                {
                    Put(next, old.Keys[i], value);
                }
            }

            var made = make(key, argument);
            Put(next, key, made);
            Volatile.Write(ref _state, next);
            return made;
        }
    }

    private static void Put(State state, int key, T value)
    {
        var i = Place(key, state.Keys.Length);
        while (state.Values[i] is not null)
        {
            i = (i + 1) & (state.Keys.Length - 1);
        }

        state.Keys[i] = key;
        state.Values[i] = value;
        state.Count++;
    }

    private static int Place(int key, int length) => (int)(((uint)key * 2654435769u) >> 16) & (length - 1);

    private sealed class State(int length)
    {
        public int[] Keys { get; } = new int[length];

        public T?[] Values { get; } = new T?[length];

        public int Count { get; set; }
    }
}
