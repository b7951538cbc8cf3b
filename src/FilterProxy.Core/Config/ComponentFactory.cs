using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>Makes component instances of a configuration: finds the class, binds the options, calls the constructor.</summary>
internal sealed class ComponentFactory(ComponentRegistry registry, ComponentEnvironment environment, ConfigErrors errors)
{
    private readonly List<object> _created = [];

    public IReadOnlyList<object> Created => _created;

    /// <summary>An instance, or null after reporting why there is none.</summary>
    /// <param name="kind">The interface it must implement.</param>
    /// <param name="what">What messages call the kind, e.g. <c>filter</c>.</param>
    /// <param name="place">Where it stands, e.g. <c>routes.admin.filters</c>.</param>
    /// <param name="config">As written.</param>
    /// <param name="descriptor">Its class.</param>
    public object? Create(Type kind, string what, string place, ComponentConfig config, out ComponentDescriptor? descriptor)
    {
        if (!registry.TryFind(kind, config.Name, out descriptor))
        {
            var names = registry.NamesOf(kind);
            var hint = DidYouMean.Hint(config.Name, names, $"{what}s") ?? "is its plugin listed under 'plugins'?";
            errors.Add(config.Location, $"there is no {what} '{config.Name}'", hint);
            return null;
        }

        object? options = null;
        if (descriptor.OptionsType is { } type)
        {
            options = ConfigBinder.BindOptions(type, config.Options, config.Name, config.Location, errors);
            if (options is null)
            {
                return null;
            }
        }
        else if (config.Options is ConfigMapping { Entries.Count: > 0 })
        {
            errors.Add(config.Location, $"{config.Name} has no options");
            return null;
        }

        try
        {
            var context = new EngineComponentContext($"{place}.{config.Key}", descriptor.Plugin, null, environment);
            var instance = descriptor.Create(options, context);
            _created.Add(instance);
            return instance;
        }
        catch (Exception e)
        {
            // A constructor checks its options: what it throws is about the configuration.
            errors.Add(config.Location, $"{config.Name}: {e.Message}");
            return null;
        }
    }
}
