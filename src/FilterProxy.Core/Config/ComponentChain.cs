using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>How a route's filters refine the default chain.</summary>
internal static class ComponentChain
{
    /// <summary>
    /// The chain of a route: the defaults in their order, each with the route's options for the same key laid over its own or removed by
    /// <c>off</c>, then what only the route has.
    /// </summary>
    public static IReadOnlyList<ComponentConfig> Refine(IReadOnlyList<ComponentConfig> defaults, IReadOnlyList<ComponentConfig> own)
    {
        var chain = new List<ComponentConfig>(defaults.Count + own.Count);
        foreach (var component in defaults)
        {
            var over = own.FirstOrDefault(candidate => candidate.Key == component.Key);
            if (over is null)
            {
                chain.Add(component);
            }
            else if (!over.Off)
            {
                chain.Add(over with { Options = Lay(component.Options, over.Options) });
            }
        }

        chain.AddRange(own.Where(component => !component.Off && defaults.All(candidate => candidate.Key != component.Key)));
        return chain;
    }

    private static ConfigNode? Lay(ConfigNode? lower, ConfigNode? upper) =>
        upper is null ? lower : lower is null ? upper : ConfigNode.Merge(lower, upper);
}
