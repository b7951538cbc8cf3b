using FilterProxy.Core.Config.Schema;
using FilterProxy.Core.Overload;

namespace FilterProxy.Core.Config;

/// <summary>What happens to requests that look like this. Exactly one of cluster, clusters, redirect and respond.</summary>
internal sealed record RouteConfig
{
    /// <summary>What logs and metrics call it; unique. Default: made from the match, e.g. <c>example.com/admin/*</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>Which requests it takes. Default: all.</summary>
    public MatchConfig Match { get; init; } = new();

    /// <summary>Decides between routes that match equally well: lower first, then the order in the file. Default: 0.</summary>
    public int Order { get; init; }

    /// <summary>
    /// Who goes first when there is too much to do, and who goes without: <c>low</c>, <c>normal</c> or <c>high</c>. A filter of
    /// <c>http.filters</c> may say otherwise for single requests. Default: normal.
    /// </summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;

    /// <summary>
    /// Refines <c>http.route_filters</c>: the same name merges in place, field by field; <c>name: off</c> removes; anything else is added.
    /// Default: none.
    /// </summary>
    [ComponentKind(typeof(IHttpFilter))]
    public IReadOnlyList<ComponentConfig> Filters { get; init; } = [];

    /// <summary>Forwards to this cluster.</summary>
    public string? Cluster { get; init; }

    /// <summary>Forwards to one of these clusters, by weight.</summary>
    public IReadOnlyList<WeightedClusterConfig>? Clusters { get; init; }

    /// <summary>
    /// What keeps to its cluster among <c>clusters</c>, e.g. <c>%COOKIE(session)%</c>: the same value goes to the same one as long as the
    /// weights stay. Default: none; every request is on its own.
    /// </summary>
    public Template? SplitBy { get; init; }

    /// <summary>Answers with a redirect.</summary>
    public RedirectConfig? Redirect { get; init; }

    /// <summary>Answers with a fixed response.</summary>
    public RespondConfig? Respond { get; init; }

    /// <summary>Changes the request before it is forwarded. Default: nothing.</summary>
    public RewriteConfig? Rewrite { get; init; }

    /// <summary>Which attempts are followed by another, instead of the cluster's rules as a whole. Default: the cluster's retry.</summary>
    public RetryConfig? Retry { get; init; }

    /// <summary>Overrides the cluster's timeouts.</summary>
    public TimeoutsConfig Timeouts { get; init; } = new();
}
