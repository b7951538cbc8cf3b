using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Config;

/// <summary>
/// Makes component instances of a configuration: finds the class, binds the options, calls the constructor. What has the same place,
/// options and dependencies as in the previous configuration is the previous instance.
/// </summary>
internal sealed class ComponentFactory
{
    private readonly ComponentRegistry _registry;
    private readonly ComponentEnvironment _environment;
    private readonly ConfigErrors _errors;
    private readonly FilterMetrics _metrics;
    private readonly Dictionary<(Type Kind, string Place), List<ComponentInstance>> _previous = [];
    private readonly List<ComponentInstance> _instances = [];
    private readonly List<object> _created = [];
    private readonly ComponentStates _states;

    public ComponentFactory(
        ComponentRegistry registry, ComponentEnvironment environment, IReadOnlyList<ComponentInstance> previous, FilterMetrics metrics, ConfigErrors errors)
    {
        _metrics = metrics;
        _registry = registry;
        _environment = environment;
        _errors = errors;
        _states = new ComponentStates(previous.SelectMany(instance => instance.Uses.States));
        foreach (var group in previous.GroupBy(instance => (instance.Kind, instance.Place)))
        {
            _previous[group.Key] = [.. group];
        }
    }

    /// <summary>What components are given.</summary>
    public ComponentEnvironment Environment => _environment;

    /// <summary>All components of the configuration.</summary>
    public IReadOnlyList<ComponentInstance> Instances => _instances;

    /// <summary>Those that were not there before, to be started.</summary>
    public IReadOnlyList<object> Created => _created;

    /// <summary>The states that were not there before.</summary>
    public IReadOnlyList<object> CreatedStates => _states.Created;

    /// <summary>An instance, or null after reporting why there is none.</summary>
    /// <param name="kind">The interface it must implement.</param>
    /// <param name="what">What messages call the kind, e.g. <c>filter</c>.</param>
    /// <param name="place">Where it stands, e.g. <c>routes.admin.filters</c>.</param>
    /// <param name="config">As written.</param>
    /// <param name="descriptor">Its class.</param>
    /// <param name="store">The state it shares; null for one of its own.</param>
    public object? Create(Type kind, string what, string place, ComponentConfig config, out ComponentDescriptor? descriptor, string? store = null)
    {
        if (!_registry.TryFind(kind, config.Name, out descriptor))
        {
            var names = _registry.NamesOf(kind);
            var hint = DidYouMean.Hint(config.Name, names, $"{what}s") ?? "is its plugin listed under 'plugins'?";
            _errors.Add(config.Location, $"there is no {what} '{config.Name}'", hint);
            return null;
        }

        var at = $"{place}.{config.Key}";
        var candidates = _previous.GetValueOrDefault((kind, at));
        var found = descriptor;
        if (candidates?.Find(i => i.IsSame(found, config.Options, store, _environment.FindCluster)) is { } same)
        {
            candidates.Remove(same);
            _instances.Add(same);
            return same.Instance;
        }

        object? options = null;
        if (descriptor.OptionsType is { } type)
        {
            options = ConfigBinder.BindOptions(type, config.Options, config.Name, config.Location, _errors);
            if (options is null)
            {
                return null;
            }
        }
        else if (config.Options is ConfigMapping { Entries.Count: > 0 })
        {
            _errors.Add(config.Location, $"{config.Name} has no options");
            return null;
        }

        try
        {
            var uses = new ComponentUses();
            var replaced = candidates?.Find(i => i.Descriptor.Name == found.Name)?.Instance;
            var state = new StateKeeper(_states, store is null ? at : $"{descriptor.Plugin}/{descriptor.Name}#{store}");
            var instance = descriptor.Create(options, new EngineComponentContext(at, descriptor, replaced, uses, state, _environment));
            _created.Add(instance);
            _instances.Add(new ComponentInstance(kind, at, descriptor, config.Options, store, uses, instance));
            if (store is not null && uses.States.Count == 0)
            {
                _errors.Add(config.Location, $"{config.Name} keeps no state that 'store' could share");
            }

            return instance;
        }
        catch (Exception e)
        {
            // A constructor checks its options: what it throws is about the configuration. Anything else is a fault of its code.
            _metrics.Failed(config.Key, "constructor");
            var isComplaint = e is ComponentException or ArgumentException or FormatException or InvalidOperationException or NotSupportedException
                or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException;
            var from = descriptor.Home is null ? null : $"from plugin {descriptor.Home}";
            _errors.Add(config.Location, isComplaint ? $"{config.Name}: {e.Message}" : $"{config.Name} failed in its constructor: {e.GetType().Name}: {e.Message}", from);
            return null;
        }
    }
}
