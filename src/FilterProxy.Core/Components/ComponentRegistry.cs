using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace FilterProxy.Core.Components;

/// <summary>All components that can be named: the engine's own and those of loaded plugins, by kind and name.</summary>
internal sealed class ComponentRegistry
{
    private static readonly Type[] Kinds =
    [
        typeof(IHttpFilter), typeof(IConnectionFilter), typeof(IConnectionSource), typeof(IDatagramService), typeof(ILoadBalancer), typeof(IEndpointSource),
        typeof(IHealthCheck), typeof(IConnector), typeof(ICertificateSource), typeof(ICommand),
    ];

    private readonly Dictionary<(Type Kind, string Name), ComponentDescriptor> _components = [];

    public ComponentRegistry() => Add(typeof(ComponentRegistry).Assembly, "", out _);

    /// <summary>One more with the same components: what a configuration's plugins add stays with that configuration.</summary>
    public ComponentRegistry Copy() => new(_components);

    private ComponentRegistry(Dictionary<(Type Kind, string Name), ComponentDescriptor> components) => _components = new(components);

    public IEnumerable<ComponentDescriptor> All => _components.Values.Distinct();

    /// <summary>Takes in every component of an assembly; false, and nothing is taken, when something is wrong with one.</summary>
    public bool Add(Assembly assembly, string plugin, out string error) =>
        Add(assembly.GetTypes().Where(t => t.IsDefined(typeof(ComponentAttribute), false)), plugin, out error);

    /// <summary>Takes in every component of a plugin; false, and nothing is taken, when something is wrong with one.</summary>
    public bool Add(Plugin plugin, out string error) =>
        Add(plugin.Assembly.GetTypes().Where(t => t.IsDefined(typeof(ComponentAttribute), false)), plugin.Name, out error, home: plugin);

    /// <summary>Takes in one component, whose constructor may ask for <paramref name="services"/> where there are any.</summary>
    public bool Add(Type type, string plugin, out string error, IServiceProvider? services = null) => Add([type], plugin, out error, services);

    public bool TryFind(Type kind, string name, [NotNullWhen(true)] out ComponentDescriptor? descriptor) =>
        _components.TryGetValue((kind, name), out descriptor);

    /// <summary>The names of one kind, sorted, for messages.</summary>
    public IReadOnlyList<string> NamesOf(Type kind) => [.. _components.Keys.Where(k => k.Kind == kind).Select(k => k.Name).Order(StringComparer.Ordinal)];

    private bool Add(IEnumerable<Type> types, string plugin, out string error, IServiceProvider? services = null, Plugin? home = null)
    {
        error = "";
        var found = new Dictionary<(Type, string), ComponentDescriptor>();
        foreach (var type in types)
        {
            if (type.GetCustomAttribute<ComponentAttribute>() is not { } attribute)
            {
                error = $"{type.FullName} has no [Component] attribute";
                return false;
            }

            if (ComponentDescriptor.TryCreate(type, attribute, plugin, out error, services, home) is not { } descriptor)
            {
                return false;
            }

            var kinds = Kinds.Where(kind => kind.IsAssignableFrom(type)).ToArray();
            if (kinds.Length == 0)
            {
                error = $"component '{attribute.Name}' ({type.FullName}) implements none of the interfaces of a component";
                return false;
            }

            foreach (var kind in kinds)
            {
                var key = (kind, attribute.Name);
                if (_components.TryGetValue(key, out var other) || found.TryGetValue(key, out other))
                {
                    error = $"component '{attribute.Name}' is there already, from {(other.Plugin.Length == 0 ? "the engine" : "plugin " + other.Plugin)}";
                    return false;
                }

                found.Add(key, descriptor);
            }
        }

        foreach (var (key, descriptor) in found)
        {
            _components.Add(key, descriptor);
        }

        return true;
    }
}
