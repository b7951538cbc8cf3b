namespace FilterProxy.Core.Config.Schema;

/// <summary>Which components may stand in an option: those that implement this interface.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ComponentKindAttribute(Type kind) : Attribute
{
    public Type Kind { get; } = kind;
}
