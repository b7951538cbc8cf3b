using System.Reflection;

namespace FilterProxy.Core.Components;

/// <summary>A class that the configuration can name.</summary>
internal sealed class ComponentDescriptor
{
    private readonly ConstructorInfo _constructor;

    private ComponentDescriptor(string name, string plugin, Type type, bool blocking, ConstructorInfo constructor, Type? optionsType)
    {
        Name = name;
        Plugin = plugin;
        Type = type;
        Blocking = blocking;
        OptionsType = optionsType;
        _constructor = constructor;
    }

    public string Name { get; }

    /// <summary>The plugin it came from; empty for the engine's own.</summary>
    public string Plugin { get; }

    public Type Type { get; }

    public bool Blocking { get; }

    /// <summary>What its options are bound to; null when it has none.</summary>
    public Type? OptionsType { get; }

    /// <summary>Describes a class, or says why it cannot be a component.</summary>
    public static ComponentDescriptor? TryCreate(Type type, ComponentAttribute attribute, string plugin, out string error)
    {
        error = "";
        var constructors = type.GetConstructors(BindingFlags.Public | BindingFlags.Instance);
        if (type.IsAbstract || constructors.Length != 1)
        {
            error = $"component '{attribute.Name}' ({type.FullName}) must be a class with exactly one public constructor";
            return null;
        }

        var parameters = constructors[0].GetParameters();
        var options = parameters.Where(p => p.ParameterType != typeof(ComponentContext)).ToArray();
        if (options.Length > 1 || parameters.Length - options.Length > 1)
        {
            error = $"component '{attribute.Name}' ({type.FullName}): its constructor may take its options and a ComponentContext, nothing else";
            return null;
        }

        return new ComponentDescriptor(
            attribute.Name, plugin, type, attribute.Blocking, constructors[0], options.Length == 0 ? null : options[0].ParameterType);
    }

    /// <summary>Makes an instance. What its constructor throws comes out as it is.</summary>
    public object Create(object? options, ComponentContext context)
    {
        var arguments = _constructor.GetParameters()
            .Select(p => p.ParameterType == typeof(ComponentContext) ? context : options)
            .ToArray();
        return _constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }
}
