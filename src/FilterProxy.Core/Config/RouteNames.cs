using System.Globalization;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>Names routes that were given none after what they match: <c>example.com/admin/*</c>.</summary>
internal static class RouteNames
{
    public static ProxyConfig Complete(ProxyConfig config, BindingPlaces places)
    {
        var taken = config.Routes.Select(route => route.Name).ToHashSet(StringComparer.Ordinal);
        var routes = new ConfigList<RouteConfig>();
        foreach (var route in config.Routes)
        {
            routes.Add(route.Name.Length > 0 ? route : route with { Name = Make(route.Match, places, taken) });
        }

        return routes.Count == 0 ? config : config with { Routes = routes };
    }

    private static string Make(MatchConfig match, BindingPlaces places, HashSet<string> taken)
    {
        var methods = match.Methods.Count == 0 ? "" : string.Join(',', match.Methods) + " ";
        var host = match.Host is [var firstHost, ..] ? Shown(firstHost, match, nameof(match.Host), places) : "";
        var path = match.Path is [var firstPath, ..] ? Shown(firstPath, match, nameof(match.Path), places) : "/*";
        var basis = $"{methods}{host}{path}";
        var name = basis;
        for (var count = 2; !taken.Add(name); count++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{basis}~{count}");
        }

        return name;
    }

    // Names go into logs and metrics: what came out of a file does not.
    private static string Shown(string text, MatchConfig match, string property, BindingPlaces places)
    {
        var node = places.NodeOf(match, property);
        return (node is ConfigSequence { Items: [var first, ..] } ? first : node) is ConfigScalar { IsSecret: true } secret ? secret.Written : text;
    }
}
