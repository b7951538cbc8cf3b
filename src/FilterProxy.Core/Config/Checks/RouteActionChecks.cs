using FilterProxy.Core.Config.Tree;
using FilterProxy.Core.Routing;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of what a route does: its clusters, rewrite, redirect and response.</summary>
internal static class RouteActionChecks
{
    public static void Run(CheckContext context, RouteConfig route)
    {
        if (route.Cluster is { } cluster)
        {
            context.RequireKnown(context.Places.Locate(route, nameof(route.Cluster)), "cluster", cluster, context.Config.Clusters.Keys);
        }

        if (route.Clusters is { } clusters)
        {
            CheckSplit(context, route, clusters);
        }

        if (route.SplitBy is not null && route.Clusters is null)
        {
            context.Refuse(route, nameof(route.SplitBy), "there are no clusters to split requests among");
        }

        if (route.Retry is { } retry)
        {
            ConfigChecks.CheckDurations(context, retry);
            ClusterChecks.CheckRetry(context, retry);
        }

        if (route.Rewrite is { } rewrite)
        {
            CheckRewrite(context, route, rewrite);
        }

        if (route.Redirect is { } redirect)
        {
            CheckRedirect(context, route, redirect);
        }

        if (route.Respond is { } respond)
        {
            CheckRespond(context, respond);
        }
    }

    private static void CheckSplit(CheckContext context, RouteConfig route, IReadOnlyList<WeightedClusterConfig> clusters)
    {
        foreach (var (index, part) in clusters.Index())
        {
            if (!context.IsBound(part, nameof(part.Cluster)))
            {
                continue;
            }

            var place = context.Places.Locate(part, nameof(part.Cluster));
            context.RequireKnown(place, "cluster", part.Cluster, context.Config.Clusters.Keys);
            foreach (var (text, _) in part.When)
            {
                if (!Template.TryParse(text, out _, out var error))
                {
                    context.Refuse(part, nameof(part.When), error);
                }
            }

            if (clusters.Take(index).Any(earlier => context.IsBound(earlier, nameof(part.Cluster)) && earlier.Cluster == part.Cluster))
            {
                context.RefuseAt(place, $"cluster '{part.Cluster}' is here twice");
            }
        }

        if (context.IsBound(route, nameof(route.Clusters)) && clusters.Sum(part => (long)part.Weight) <= 0)
        {
            context.Refuse(route, nameof(route.Clusters), "the weights of the clusters add up to 0");
        }
    }

    private static void CheckRewrite(CheckContext context, RouteConfig route, RewriteConfig rewrite)
    {
        if (context.IsWritten(route, nameof(route.Redirect)) || context.IsWritten(route, nameof(route.Respond)))
        {
            context.Refuse(route, nameof(route.Rewrite), "a route that does not forward has nothing to rewrite");
        }

        var ways = (rewrite.Path is null ? 0 : 1) + (rewrite.Regex is null ? 0 : 1)
            + (rewrite.StripPrefix is null && rewrite.AddPrefix is null ? 0 : 1);
        if (ways > 1)
        {
            context.RefuseWhole(rewrite, "path, regex and prefixes cannot be combined", "use one of: path; regex; strip_prefix and add_prefix");
        }

        RequireSlash(context, rewrite, nameof(rewrite.Path), rewrite.Path);
        RequireSlash(context, rewrite, nameof(rewrite.StripPrefix), rewrite.StripPrefix);
        RequireSlash(context, rewrite, nameof(rewrite.AddPrefix), rewrite.AddPrefix);
        if (rewrite.Regex is { } regex && context.IsBound(regex, nameof(regex.Pattern)))
        {
            MatchChecks.CheckRegex(context, regex, nameof(regex.Pattern), regex.Pattern);
        }

        if (ways == 1 && rewrite.Path is { } path && path.StartsWith('/'))
        {
            CheckPathRule(context, route, rewrite, nameof(rewrite.Path), new PathRewriteRule { Template = path });
        }

        if (rewrite.Host is { } host && (host.Length == 0 || !HttpText.IsValue(host)))
        {
            context.Refuse(rewrite, nameof(rewrite.Host), $"'{host}' cannot be a Host");
        }
    }

    private static void CheckRedirect(CheckContext context, RouteConfig route, RedirectConfig redirect)
    {
        string[] targets = [nameof(redirect.Scheme), nameof(redirect.Host), nameof(redirect.Port), nameof(redirect.Path)];
        if (!targets.Any(target => context.IsWritten(redirect, target)))
        {
            context.Refuse(route, nameof(route.Redirect), "the redirect leads back to where it came from", "set scheme, host, port or path");
        }

        RequireSlash(context, redirect, nameof(redirect.Path), redirect.Path);
        if (redirect.Path is { } path && path.StartsWith('/'))
        {
            CheckPathRule(context, route, redirect, nameof(redirect.Path), new PathRewriteRule { Template = path });
        }

        if (redirect.Host is { } host && (host.Length == 0 || host.AsSpan().IndexOfAny("/?#@ ") >= 0 || !HttpText.IsValue(host)))
        {
            context.Refuse(redirect, nameof(redirect.Host), $"'{host}' cannot be a host");
        }
    }

    private static void CheckRespond(CheckContext context, RespondConfig respond)
    {
        if (respond.Status is 204 or 304 && !string.IsNullOrEmpty(respond.Body))
        {
            context.Refuse(respond, nameof(respond.Body), $"a {respond.Status} response has no body");
        }

        if (!HttpText.IsValue(respond.ContentType))
        {
            context.Refuse(respond, nameof(respond.ContentType), "this cannot be the value of a header");
        }

        var node = context.Places.NodeOf(respond, nameof(respond.Headers)) as ConfigMapping;
        foreach (var (name, value) in respond.Headers)
        {
            if (!HttpText.IsToken(name))
            {
                context.RefuseAt(node!.Find(name)!.Location, $"'{name}' cannot be the name of a header");
            }
            else if (!HttpText.IsValue(value))
            {
                context.RefuseAt(node!.Find(name)!.Value.Location, "this cannot be the value of a header");
            }
        }
    }

    /// <summary>What a path is made of must be there: the captures of every path of the route.</summary>
    private static void CheckPathRule(CheckContext context, RouteConfig route, object owner, string property, PathRewriteRule rule)
    {
        if (!PathRewrite.TryCompile(rule, RouteCompiler.CapturesOf(route.Match), out _, out var error))
        {
            context.Refuse(owner, property, error);
        }
    }

    private static void RequireSlash(CheckContext context, object owner, string property, string? path)
    {
        if (path is not null && !path.StartsWith('/'))
        {
            context.Refuse(owner, property, $"expected a path that begins with '/', got '{path}'");
        }
    }
}
