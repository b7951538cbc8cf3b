namespace FilterProxy.Core.Config.Explain;

/// <summary>What would become of a request, and why.</summary>
internal sealed record Explanation
{
    /// <summary>As it was asked for: <c>GET https://example.com/admin/x</c>.</summary>
    public required string Request { get; init; }

    /// <summary>Why nothing serves it: no listener, a request that is refused, no route. Null when a route does.</summary>
    public string? Problem { get; init; }

    public ExplainedListener? Listener { get; init; }

    /// <summary>The path that routes are compared with.</summary>
    public string? Path { get; init; }

    /// <summary>The client's address once forwarding headers were believed or not.</summary>
    public string? Client { get; init; }

    public ExplainedRoute? Route { get; init; }

    /// <summary>In the order they see the request.</summary>
    public IReadOnlyList<ExplainedFilter> Filters { get; init; } = [];

    /// <summary>The other routes, in the order of the configuration.</summary>
    public IReadOnlyList<NearMiss> NearMisses { get; init; } = [];
}

/// <summary>The listener a request comes in by.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">As configured.</param>
/// <param name="Tls">Whether it ends TLS.</param>
/// <param name="Note">Why it was taken although the URL does not fit it; null when it fits.</param>
internal sealed record ExplainedListener(string Name, string Address, bool Tls, string? Note);

/// <summary>The route that takes a request.</summary>
internal sealed record ExplainedRoute
{
    public required string Name { get; init; }

    /// <summary>Where it is written.</summary>
    public required string Place { get; init; }

    /// <summary>What the parameters of its path stand for.</summary>
    public IReadOnlyDictionary<string, string> Captures { get; init; } = new Dictionary<string, string>();

    public ExplainedRedirect? Redirect { get; init; }

    public ExplainedResponse? Respond { get; init; }

    /// <summary>The path the upstream gets; null when the route does not forward.</summary>
    public string? UpstreamPath { get; init; }

    /// <summary>Where it is forwarded to; several share it by weight.</summary>
    public IReadOnlyList<ExplainedCluster> Clusters { get; init; } = [];
}

/// <summary>A redirect as it would be sent.</summary>
internal sealed record ExplainedRedirect(int Status, string Location);

/// <summary>A fixed response as it would be sent.</summary>
internal sealed record ExplainedResponse(int Status, string Body);

/// <summary>A cluster that may get the request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Percent">Its share of the route's requests.</param>
/// <param name="LoadBalancer">How an endpoint is chosen.</param>
/// <param name="Endpoints">Those that take part, as <c>http://10.0.0.5:3002</c>.</param>
/// <param name="Source">What endpoints are learned from; null when they are written down.</param>
/// <param name="Host">The Host the endpoints get.</param>
internal sealed record ExplainedCluster(
    string Name, double Percent, string LoadBalancer, IReadOnlyList<string> Endpoints, string? Source, string Host)
{
    /// <summary>Which endpoint it would get, and why; null where a source tells them.</summary>
    public string? Chosen { get; init; }
}

/// <summary>A filter of the request's chain.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Options">Its options, those of <c>http</c> and the route merged.</param>
/// <param name="From">Where it is from: <c>http.filters</c>, <c>http.route_filters</c>, <c>route</c> or the last two.</param>
internal sealed record ExplainedFilter(string Name, string Options, string From)
{
    /// <summary>What it would do with the request, in its own words; null where it does not say.</summary>
    public string? Says { get; init; }
}

/// <summary>A route that does not get the request.</summary>
/// <param name="Route">Its name.</param>
/// <param name="Reason">What keeps it.</param>
internal sealed record NearMiss(string Route, string Reason);
