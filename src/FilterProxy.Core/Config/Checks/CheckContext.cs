using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Checks;

/// <summary>What the checks of a bound configuration share: the configuration, where everything is, and who takes the errors.</summary>
internal sealed class CheckContext(ProxyConfig config, BindingPlaces places, ConfigErrors errors)
{
    public ProxyConfig Config => config;

    public BindingPlaces Places => places;

    public bool IsBound(object owner, string property) => places.IsBound(owner, property);

    /// <summary>Whether a property was written, bound or not.</summary>
    public bool IsWritten(object owner, string property) => places.NodeOf(owner, property) is not null;

    /// <summary>Reports at the value of a property, or at the record where it was not written.</summary>
    public void Refuse(object owner, string property, string message, string? hint = null) =>
        errors.Add(places.Locate(owner, property), message, hint);

    /// <summary>Reports at a record.</summary>
    public void RefuseWhole(object owner, string message, string? hint = null) => errors.Add(places.Locate(owner), message, hint);

    public void RefuseAt(SourceLocation location, string message, string? hint = null) => errors.Add(location, message, hint);

    /// <summary>A name that must be one of those defined elsewhere.</summary>
    public void RequireKnown(SourceLocation location, string kind, string name, IEnumerable<string> known)
    {
        var names = known.ToList();
        if (!names.Contains(name))
        {
            errors.Add(location, $"there is no {kind} '{name}'", DidYouMean.Hint(name, names, $"{kind}s"));
        }
    }

    /// <summary>The keys of a list of components are unique, and only a list that refines another can turn things off.</summary>
    public void CheckComponents(IReadOnlyList<ComponentConfig> components, IReadOnlyList<ComponentConfig>? defaults)
    {
        foreach (var (index, component) in components.Index())
        {
            if (components.Take(index).Any(earlier => earlier.Key == component.Key))
            {
                RefuseAt(component.Location, $"'{component.Key}' is here twice", $"name a second instance, like '{component.Name}/other'");
            }
            else if (component.Off && (defaults is null || defaults.All(candidate => candidate.Key != component.Key)))
            {
                RefuseAt(component.Location, $"there is no '{component.Key}' to turn off here", "only a route turns off one of http.route_filters");
            }
        }
    }
}
