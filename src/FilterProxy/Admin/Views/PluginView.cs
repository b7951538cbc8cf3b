namespace FilterProxy.Host.Admin.Views;

/// <summary>A plugin that is loaded.</summary>
/// <param name="Name">As the configuration names it.</param>
/// <param name="Version">Its version.</param>
/// <param name="Unloadable">Whether it goes when no configuration uses it.</param>
/// <param name="Components">What it brings.</param>
/// <param name="InUse">The places in the configuration where a component of it stands.</param>
internal sealed record PluginView(string Name, string Version, bool Unloadable, IReadOnlyList<string> Components, IReadOnlyList<string> InUse)
{
    public static IReadOnlyList<PluginView> All(ProxyControl control)
    {
        var current = control.Engine.Current;
        return
        [
            .. (current?.Plugins ?? []).OrderBy(plugin => plugin.Name, StringComparer.OrdinalIgnoreCase).Select(plugin => new PluginView(
                plugin.Name,
                plugin.Version,
                plugin.Unloadable,
                [.. plugin.Assembly.GetTypes().SelectMany(t => t.GetCustomAttributes(typeof(ComponentAttribute), false)).Cast<ComponentAttribute>().Select(a => a.Name).Distinct()],
                [.. current!.Components.Where(component => component.Descriptor.Home == plugin).Select(component => component.Place)])),
        ];
    }
}
