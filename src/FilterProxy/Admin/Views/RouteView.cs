using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Explain;

namespace FilterProxy.Host.Admin.Views;

/// <summary>A route, as it is configured and used.</summary>
internal sealed record RouteView
{
    public required string Name { get; init; }

    /// <summary>Where it is written.</summary>
    public string? Place { get; init; }

    public required IReadOnlyList<string> Hosts { get; init; }

    public required IReadOnlyList<string> Paths { get; init; }

    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>Where requests go, by weight where there are several; empty for a route that answers itself.</summary>
    public required IReadOnlyList<string> Clusters { get; init; }

    /// <summary>The status of its own answer; null for a route that forwards.</summary>
    public int? Answers { get; init; }

    /// <summary>The filters of its chain in order, those of all routes among them.</summary>
    public required IReadOnlyList<string> Filters { get; init; }

    /// <summary>Requests it took since the process started; null where they are not counted.</summary>
    public long? Hits { get; init; }

    public static IReadOnlyList<RouteView> All(ProxyControl control) => [.. control.Config.Routes.Select(route => Of(route, control))];

    private static RouteView Of(RouteConfig route, ProxyControl control)
    {
        var config = control.Config;
        var place = config.Places.Locate(route) is { Line: > 0 } own ? own : config.Places.Locate(route.Match);
        return new RouteView
        {
            Name = route.Name,
            Place = place.Line > 0 ? place.ToString() : null,
            Hosts = WrittenText.Of(config.Places, route.Match, nameof(MatchConfig.Host)),
            Paths = WrittenText.Of(config.Places, route.Match, nameof(MatchConfig.Path)),
            Methods = route.Match.Methods,
            Clusters = route.Clusters is { } parts ? [.. parts.Select(part => $"{part.Cluster} ({part.Weight})")] : route.Cluster is { } cluster ? [cluster] : [],
            Answers = route.Redirect?.Status ?? route.Respond?.Status,
            Filters = [.. ComponentChain.Refine(config.Http.RouteFilters, route.Filters).Where(filter => !filter.Off).Select(filter => filter.Key)],
            Hits = control.Engine.Metrics.IsEnabled ? control.Engine.Services.Metrics?.Requests.HitsOf(route.Name) : null,
        };
    }
}
