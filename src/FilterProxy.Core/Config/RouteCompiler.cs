using System.Text;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Routing;

namespace FilterProxy.Core.Config;

/// <summary>Makes running routes of checked ones. What the checks have passed cannot fail here.</summary>
internal static class RouteCompiler
{
    /// <summary>The parameters that all paths of a match have: only those may stand in a rewrite.</summary>
    public static IReadOnlyCollection<string> CapturesOf(MatchConfig match)
    {
        IEnumerable<string>? common = null;
        foreach (var path in match.Path)
        {
            if (PathPattern.TryParse(path, out var pattern, out _))
            {
                common = common?.Intersect(pattern.ParameterNames) ?? pattern.ParameterNames;
            }
        }

        return [.. common ?? []];
    }

    public static RouteRule<Route> Compile(
        RouteConfig config, FilterChain chain, FilterChain fullChain, IReadOnlyDictionary<string, ProxyCluster> clusters)
    {
        var rewrite = config.Rewrite is { } change ? CompileRewrite(change, config.Match) : null;
        var route = new Route
        {
            Name = config.Name,
            Chain = chain,
            FullChain = fullChain,
            Cluster = config.Cluster is null ? null : clusters[config.Cluster],
            Split = config.Clusters is { } parts ? CompileSplit(parts, config.SplitBy, clusters) : null,
            Rewrite = rewrite,
            StrippedPrefix = config.Rewrite?.StripPrefix is { } prefix ? Encoding.Latin1.GetBytes(prefix.TrimEnd('/')) : [],
            HostHeader = config.Rewrite?.Host is { } host ? Encoding.Latin1.GetBytes(host) : null,
            Redirect = config.Redirect is { } redirect ? CompileRedirect(redirect, config.Match) : null,
            Respond = config.Respond is { } respond ? CompileRespond(respond) : null,
            Priority = config.Priority,
            TotalTimeout = (long)config.Timeouts.Total.TotalMilliseconds,
            IdleTimeout = (long)config.Timeouts.Idle.TotalMilliseconds,
            Timeouts = CompileTimeouts(config, clusters),
            Retry = GuardCompiler.Compile(config.Retry),
        };
        return new RouteRule<Route>
        {
            Name = config.Name,
            Value = route,
            Hosts = [.. config.Match.Host.Select(HostPattern.Parse)],
            Paths = [.. config.Match.Path.Select(PathPattern.Parse)],
            Methods = config.Match.Methods,
            Headers = [.. config.Match.Headers.Select(h => new HeaderCondition(h.Key, CompileMatcher(h.Value)))],
            Query = [.. config.Match.Query.Select(q => new QueryCondition(q.Key, CompileMatcher(q.Value)))],
            Listeners = config.Match.Listeners,
            Order = config.Order,
        };
    }

    private static ValueMatcher CompileMatcher(ValueMatchConfig config)
    {
        if (config.Regex is { } pattern)
        {
            return ValueMatcher.TryRegex(pattern, out var matcher, out var error) ? matcher : throw new InvalidOperationException(error);
        }

        return config.Exact is { } exact ? ValueMatcher.Exact(exact)
            : config.Prefix is { } prefix ? ValueMatcher.Prefix(prefix)
            : config.Present == true ? ValueMatcher.Present
            : ValueMatcher.Absent;
    }

    private static PathRewrite? CompileRewrite(RewriteConfig config, MatchConfig match) =>
        config.StripPrefix is null && config.AddPrefix is null && config.Path is null && config.Regex is null
            ? null
            : CompilePath(
                new PathRewriteRule
                {
                    StripPrefix = config.StripPrefix,
                    AddPrefix = config.AddPrefix,
                    Template = config.Path,
                    Pattern = config.Regex?.Pattern,
                    Replacement = config.Regex?.Replacement,
                },
                match);

    private static PathRewrite CompilePath(PathRewriteRule rule, MatchConfig match) =>
        PathRewrite.TryCompile(rule, CapturesOf(match), out var rewrite, out var error) ? rewrite : throw new InvalidOperationException(error);

    private static ClusterSplit CompileSplit(IReadOnlyList<WeightedClusterConfig> parts, Template? by, IReadOnlyDictionary<string, ProxyCluster> clusters) =>
        WeightedChoice.TryCreate([.. parts.Select(p => p.Weight)], out var choice, out var error)
            ? new ClusterSplit([.. parts.Select(p => clusters[p.Cluster])], choice, [.. parts.Select(ConditionOf)], by)
            : throw new InvalidOperationException(error);

    private static SplitCondition? ConditionOf(WeightedClusterConfig part) => part.When.Count == 0
        ? null
        : new SplitCondition([.. part.When.Select(pair => (Template.Parse(pair.Key), Encoding.UTF8.GetBytes(pair.Value)))]);

    private static RouteRedirect CompileRedirect(RedirectConfig config, MatchConfig match) => new(
        config.Status,
        config.Scheme,
        config.Host,
        config.Port,
        config.Path is null ? null : CompilePath(new PathRewriteRule { Template = config.Path }, match),
        config.StripQuery);

    private static RouteRespond CompileRespond(RespondConfig config) =>
        new(config.Status, Encoding.UTF8.GetBytes(config.Body ?? ""), config.ContentType, [.. config.Headers]);

    private static ClusterTimeouts? CompileTimeouts(RouteConfig config, IReadOnlyDictionary<string, ProxyCluster> clusters)
    {
        if (config.Timeouts is { Response: null, Read: null, PerTry: null })
        {
            return null;
        }

        var name = config.Cluster ?? config.Clusters?[0].Cluster;
        var basis = name is null ? ClusterTimeouts.Default : clusters[name].Timeouts;
        return basis with
        {
            ResponseHead = (long?)config.Timeouts.Response?.TotalMilliseconds ?? basis.ResponseHead,
            Read = (long?)config.Timeouts.Read?.TotalMilliseconds ?? basis.Read,
            PerTry = (long?)config.Timeouts.PerTry?.TotalMilliseconds ?? basis.PerTry,
        };
    }
}
