using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace FilterProxy.Core.Components;

/// <summary>A class that the configuration can name.</summary>
internal sealed class ComponentDescriptor
{
    private readonly ConstructorInfo _constructor;
    private readonly IServiceProvider? _services;

    private ComponentDescriptor(
        string name, string plugin, Plugin? home, Type type, bool blocking, ConstructorInfo constructor, Type? optionsType, IServiceProvider? services)
    {
        _services = services;
        Name = name;
        Plugin = plugin;
        Home = home;
        Type = type;
        Blocking = blocking;
        OptionsType = optionsType;
        _constructor = constructor;
    }

    public string Name { get; }

    /// <summary>The plugin it came from; empty for the engine's own.</summary>
    public string Plugin { get; }

    /// <summary>That plugin as it was loaded; null for the engine's own and for a host's.</summary>
    public Plugin? Home { get; }

    public Type Type { get; }

    public bool Blocking { get; }

    /// <summary>What its options are bound to; null when it has none.</summary>
    public Type? OptionsType { get; }

    /// <summary>Describes a class, or says why it cannot be a component.</summary>
    /// <param name="type">The class.</param>
    /// <param name="attribute">Its attribute.</param>
    /// <param name="plugin">Where it is from.</param>
    /// <param name="error">Why it cannot.</param>
    /// <param name="services">What its constructor may ask for besides, in a host that has services; null for none.</param>
    /// <param name="home">The plugin as it was loaded; null for none.</param>
    public static ComponentDescriptor? TryCreate(
        Type type, ComponentAttribute attribute, string plugin, out string error, IServiceProvider? services = null, Plugin? home = null)
    {
        error = "";
        var constructors = type.GetConstructors(BindingFlags.Public | BindingFlags.Instance);
        if (type.IsAbstract || constructors.Length != 1)
        {
            error = $"component '{attribute.Name}' ({type.FullName}) must be a class with exactly one public constructor";
            return null;
        }

        var parameters = constructors[0].GetParameters();
        var known = services?.GetService<IServiceProviderIsService>();
        var own = parameters.Where(p => known?.IsService(p.ParameterType) != true).ToArray();
        var options = own.Where(p => p.ParameterType != typeof(ComponentContext)).ToArray();
        if (options.Length > 1 || own.Length - options.Length > 1)
        {
            error = $"component '{attribute.Name}' ({type.FullName}): its constructor may take its options and a ComponentContext, "
                + (services is null ? "nothing else" : "and services that are registered; these are not: " + string.Join(", ", options.Select(p => p.ParameterType.Name)));
            return null;
        }

        return new ComponentDescriptor(
            attribute.Name, plugin, home, type, attribute.Blocking, constructors[0], options.Length == 0 ? null : options[0].ParameterType, services);
    }

    /// <summary>Makes an instance. What its constructor throws comes out as it is.</summary>
    public object Create(object? options, ComponentContext context)
    {
        var arguments = _constructor.GetParameters()
            .Select(p => p.ParameterType == typeof(ComponentContext) ? context
                : p.ParameterType == OptionsType ? options
                : _services!.GetRequiredService(p.ParameterType))
            .ToArray();
        return _constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }
}
