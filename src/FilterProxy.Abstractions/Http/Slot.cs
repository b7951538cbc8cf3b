namespace FilterProxy;

/// <summary>
/// A place for one filter's private state on an exchange. Created once, in the filter's constructor, through
/// <see cref="ComponentContext.CreateSlot{T}"/>; read and written through <see cref="HttpExchange.Get{T}"/> and
/// <see cref="HttpExchange.Set{T}"/>. Value types are boxed: use a small class where every request sets one.
/// </summary>
/// <typeparam name="T">What is kept.</typeparam>
public sealed class Slot<T>
{
    internal Slot(string name, int index)
    {
        Name = name;
        Index = index;
    }

    /// <summary>The name it was created under, for diagnostics.</summary>
    public string Name { get; }

    internal int Index { get; }
}
