namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>routes</c>.</summary>
internal static class RouteChecks
{
    public static void Run(CheckContext context)
    {
        var names = new Dictionary<string, RouteConfig>(StringComparer.Ordinal);
        foreach (var route in context.Config.Routes)
        {
            if (route.Name.Length > 0 && !names.TryAdd(route.Name, route))
            {
                var first = context.Places.Locate(names[route.Name], nameof(route.Name));
                context.Refuse(route, nameof(route.Name), $"another route is called '{route.Name}'", $"first at {first}");
            }

            // Where the defaults could not be bound, nobody can say what there is to turn off.
            var http = context.Config.Http;
            context.CheckComponents(route.Filters, context.IsBound(http, nameof(http.RouteFilters)) ? http.RouteFilters : route.Filters);
            ConfigChecks.CheckDurations(context, route.Timeouts);
            CheckAction(context, route);
            MatchChecks.Run(context, route.Match);
            RouteActionChecks.Run(context, route);
        }
    }

    private static void CheckAction(CheckContext context, RouteConfig route)
    {
        string[] actions = [nameof(route.Cluster), nameof(route.Clusters), nameof(route.Redirect), nameof(route.Respond)];
        var written = actions.Where(action => context.IsWritten(route, action)).ToList();
        if (written.Count == 0)
        {
            context.RefuseWhole(route, "the route does nothing", "it needs one of cluster, clusters, redirect, respond");
        }
        else if (written.Count > 1)
        {
            var keys = string.Join(" and ", written.Select(action => $"'{action.ToLowerInvariant()}'"));
            context.Refuse(route, written[1], $"the route has {keys}", "a route has exactly one of cluster, clusters, redirect, respond");
        }
    }
}
