namespace FilterProxy;

/// <summary>
/// Names a class in the configuration. What kind of component it is follows from the interface it implements. Its constructor
/// may take its options record, a <see cref="ComponentContext"/>, both or neither; it must not do any work beyond checking
/// its options, because <c>filterproxy validate</c> runs it.
/// </summary>
/// <param name="name">lower_snake_case, unique among components of its kind.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ComponentAttribute(string name) : Attribute
{
    /// <summary>The name used in the configuration.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// The component blocks its thread (file access, a native library). The engine leaves the event loop before calling it and
    /// comes back after, whatever the component awaited, so that other connections do not wait for it. Questions that only ask what
    /// a filter wants (<see cref="IRequestBodyFilter.UseRequestBody"/>, <see cref="IResponseBodyFilter.UseResponseBody"/>) and load
    /// balancers' picks are asked on the loop and must not block.
    /// </summary>
    public bool Blocking { get; init; }
}
