using System.Globalization;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config;

/// <summary>Names routes that were given none after what they match: <c>example.com/admin/*</c>.</summary>
internal static class RouteNames
{
    public static ProxyConfig Complete(ProxyConfig config)
    {
        var taken = config.Routes.Select(route => route.Name).ToHashSet(StringComparer.Ordinal);
        var routes = new ConfigList<RouteConfig>();
        foreach (var route in config.Routes)
        {
            routes.Add(route.Name.Length > 0 ? route : route with { Name = Make(route.Match, taken) });
        }

        return routes.Count == 0 ? config : config with { Routes = routes };
    }

    private static string Make(MatchConfig match, HashSet<string> taken)
    {
        var methods = match.Methods.Count == 0 ? "" : string.Join(',', match.Methods) + " ";
        var host = match.Host is [var firstHost, ..] ? firstHost : "";
        var path = match.Path is [var firstPath, ..] ? firstPath : "/*";
        var basis = $"{methods}{host}{path}";
        var name = basis;
        for (var count = 2; !taken.Add(name); count++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{basis}~{count}");
        }

        return name;
    }
}
