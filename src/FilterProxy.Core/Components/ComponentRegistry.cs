using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace FilterProxy.Core.Components;

/// <summary>All components that can be named: the engine's own and those of loaded plugins, by kind and name.</summary>
internal sealed class ComponentRegistry
{
    private static readonly Type[] Kinds =
    [
        typeof(IHttpFilter), typeof(IConnectionFilter), typeof(ILoadBalancer), typeof(IEndpointSource), typeof(IHealthCheck),
        typeof(IConnector), typeof(ICertificateSource),
    ];

    private readonly Dictionary<(Type Kind, string Name), ComponentDescriptor> _components = [];

    public ComponentRegistry() => Add(typeof(ComponentRegistry).Assembly, "", out _);

    public IEnumerable<ComponentDescriptor> All => _components.Values.Distinct();

    /// <summary>Takes in every component of an assembly; false, and nothing is taken, when something is wrong with one.</summary>
    public bool Add(Assembly assembly, string plugin, out string error)
    {
        error = "";
        var found = new List<((Type, string) Key, ComponentDescriptor Descriptor)>();
        foreach (var type in assembly.GetTypes())
        {
            if (type.GetCustomAttribute<ComponentAttribute>() is not { } attribute)
            {
                continue;
            }

            if (ComponentDescriptor.TryCreate(type, attribute, plugin, out error) is not { } descriptor)
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
                if (_components.TryGetValue((kind, attribute.Name), out var other))
                {
                    error = $"component '{attribute.Name}' is there already, from {(other.Plugin.Length == 0 ? "the engine" : "plugin " + other.Plugin)}";
                    return false;
                }

                found.Add(((kind, attribute.Name), descriptor));
            }
        }

        foreach (var (key, descriptor) in found)
        {
            if (!_components.TryAdd(key, descriptor))
            {
                error = $"component '{key.Item2}' is there twice in {assembly.GetName().Name}";
                return false;
            }
        }

        return true;
    }

    public bool TryFind(Type kind, string name, [NotNullWhen(true)] out ComponentDescriptor? descriptor) =>
        _components.TryGetValue((kind, name), out descriptor);

    /// <summary>The names of one kind, sorted, for messages.</summary>
    public IReadOnlyList<string> NamesOf(Type kind) => [.. _components.Keys.Where(k => k.Kind == kind).Select(k => k.Name).Order(StringComparer.Ordinal)];
}
