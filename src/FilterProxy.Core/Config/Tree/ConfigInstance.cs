namespace FilterProxy.Core.Config.Tree;

/// <summary>Options that are there already, as code has them: nothing to bind. Equal when the objects are, so best a record.</summary>
/// <param name="location">What messages call the place.</param>
/// <param name="value">The options.</param>
internal sealed class ConfigInstance(SourceLocation location, object value) : ConfigNode(location)
{
    public object Value { get; } = value;

    public override string Description => $"an object of type {Value.GetType().Name}";

    public override int Size => 1;

    public override bool Equals(ConfigNode? other) => other is ConfigInstance instance && Equals(instance.Value, Value);

    public override int GetHashCode() => Value.GetHashCode();
}
