using System.Text;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Config.Explain;

/// <summary>
/// Walks a request through a compiled configuration with the parser, normaliser and route table of the traffic, and says what it
/// meets. Runs no filter and connects nowhere.
/// </summary>
internal sealed class RequestExplainer
{
    private readonly ExplainRequest _request;
    private readonly ProxyConfig _config;
    private readonly CompiledConfig _compiled;
    private readonly ExplainExchange _exchange = new();
    private readonly OptionsText _options;

    private RequestExplainer(ExplainRequest request, ProxyConfig config, CompiledConfig compiled)
    {
        (_request, _config, _compiled) = (request, config, compiled);
        _exchange.User = request.User;
        _options = new OptionsText(SecretRules.Of(compiled.Components.Select(component => component.Descriptor)));
    }

    private RequestHead Head => _exchange.Request;

    private DownstreamInfo Downstream => _exchange.Downstream;

    public static Explanation Explain(ExplainRequest request, ProxyConfig config, CompiledConfig compiled) =>
        new RequestExplainer(request, config, compiled).Run();

    private Explanation Run()
    {
        var result = new Explanation { Request = $"{_request.Method} {_request.Url}" };
        if (FindListener(out var note) is not { } plan)
        {
            return result with { Problem = note };
        }

        var config = _config.Listeners[plan.Name];
        var snapshot = _compiled.Snapshot;
        var rules = snapshot.Listeners[plan.Name];
        result = result with { Listener = new ExplainedListener(plan.Name, config.Address ?? plan.Address.ToString()!, plan.Tls is not null, note) };
        var error = Accept(snapshot, rules, plan.Tls is not null);
        if (error.IsError)
        {
            return result with { Problem = Refused(error) };
        }

        result = result with { Path = Head.PathText, Client = Downstream.ClientAddress?.ToString() };
        var captures = new RouteCaptures();
        var found = snapshot.Routes.TryMatch(Head, plan.Name, captures, out var route);
        result = result with { Filters = FiltersOf(found ? _config.Routes.First(r => r.Name == route!.Name) : null, (found ? route!.Chain : snapshot.Fallback).Filters), NearMisses = MissesOf(plan.Name, route?.Name) };
        if (!found)
        {
            return result with { Problem = $"no route takes it: {LocalReplies.StatusOf(ProxyErrorKind.NoRoute)} {LocalReplies.ReasonOf(ProxyError.Downstream(ProxyErrorKind.NoRoute))}" };
        }

        var explained = ExplainRoute(route!, captures, plan.Tls is not null, out error);
        return result with { Route = explained, Problem = error.IsError ? Refused(error) : null };
    }

    private ListenerPlan? FindListener(out string? note)
    {
        note = null;
        var plans = _compiled.Listeners;
        if (_request.Listener is { } name)
        {
            var named = plans.FirstOrDefault(plan => plan.Name == name);
            note = named is null ? $"there is no listener '{name}' (listeners: {string.Join(", ", plans.Select(plan => plan.Name))})" : null;
            return named;
        }

        bool HasTls(ListenerPlan plan) => _request.Scheme is null || plan.Tls is not null == (_request.Scheme == "https");
        bool HasPort(ListenerPlan plan) => _request.Port == 0 || PortOf(plan) == _request.Port;
        var exact = plans.Where(plan => HasTls(plan) && HasPort(plan)).ToList();
        if (exact.Count > 0 && (exact.Count == 1 || _request.Port > 0))
        {
            return exact[0];
        }

        // Behind a load balancer or a port mapping the URL's port is another's.
        var likely = plans.Where(HasTls).ToList();
        var only = likely.Count == 1 ? likely[0] : plans.Count == 1 ? plans[0] : null;
        note = only is null
            ? $"no listener fits {_request.Url} (name one with --listener: {string.Join(", ", plans.Select(plan => plan.Name))})"
            : !HasTls(only) ? $"it speaks {(only.Tls is null ? "no TLS" : "TLS")}, unlike the URL; it is the only one"
            : "its port is not the URL's; it is the only one that may be meant";
        return only;
    }

    // As a connection takes a head: read, judged, forwarding fields believed or not, hop-by-hop fields off, path normalised.
    private ProxyError Accept(ProxySnapshot snapshot, ListenerRules rules, bool isTls)
    {
        var error = _request.Read(Head, rules.RequestHead);
        if (error.IsError)
        {
            return error;
        }

        (Downstream.RemoteAddress, Downstream.IsTls) = (_request.From, isTls);
        ForwardingHeaders.Accept(Head.Headers, Downstream, rules.Forwarding);
        if (Head.MethodKind == HttpMethodKind.Connect && !snapshot.AllowConnect)
        {
            return ProxyError.Downstream(ProxyErrorKind.MethodNotAllowed, "connect");
        }

        HopByHop.RemoveFromRequest(Head, Http1Framing.IsUpgradeRequest(Head));
        return PathNormalizer.Apply(Head, snapshot.Paths);
    }

    private ExplainedRoute ExplainRoute(Route route, RouteCaptures captures, bool isTls, out ProxyError error)
    {
        error = default;
        var config = _config.Routes.First(candidate => candidate.Name == route.Name);
        var stoodFor = new Dictionary<string, string>();
        for (var i = 0; i < captures.Count; i++)
        {
            captures.TryGet(captures.GetName(i), Head, out var value);
            stoodFor[captures.GetName(i)] = Encoding.Latin1.GetString(value);
        }

        // The compiler completes names by copying routes; where one is written, its match knows.
        var place = _config.Places.Locate(config) is { Line: > 0 } own ? own : _config.Places.Locate(config.Match);
        var explained = new ExplainedRoute { Name = route.Name, Place = place.Line > 0 ? place.ToString() : "", Captures = stoodFor };
        if (route.Redirect is { } redirect)
        {
            error = redirect.Locate(Head, captures, isTls, out var location);
            return explained with { Redirect = new ExplainedRedirect(redirect.Status, Shown(location)) };
        }

        if (route.Respond is { } respond)
        {
            var body = _config.Places.NodeOf(config.Respond!, nameof(RespondConfig.Body)) as Tree.ConfigScalar;
            return explained with { Respond = new ExplainedResponse(respond.Status, body is null ? "" : SecretRules.Show(body, isSecret: false)) };
        }

        error = route.Rewrite?.Apply(Head, captures) ?? default;
        var fits = route.Split?.Match(_exchange);
        var parts = fits is not null ? [new WeightedClusterConfig { Cluster = fits.Name }] : config.Clusters ?? [new WeightedClusterConfig { Cluster = config.Cluster! }];
        var total = parts.Sum(part => (long)part.Weight);
        return explained with
        {
            UpstreamPath = Shown(Head.HasQuery ? $"{Head.PathText}?{Head.QueryText}" : Head.PathText),
            Clusters = [.. parts.Select(part => ExplainCluster(part.Cluster, 100.0 * part.Weight / Math.Max(1, total), config))],
        };
    }

    private ExplainedCluster ExplainCluster(string name, double percent, RouteConfig route)
    {
        var config = _config.Clusters[name];
        var endpoints = new List<string>();
        foreach (var endpoint in _compiled.Snapshot.Clusters[name].Endpoints.Span)
        {
            var scheme = endpoint.Name.StartsWith("unix:", StringComparison.Ordinal) ? "" : endpoint.Peer.Tls is null ? "http://" : "https://";
            endpoints.Add($"{scheme}{endpoint.Name}{(endpoint.Weight == 1 ? "" : $" (weight {endpoint.Weight})")}{(endpoint.Priority == 0 ? "" : $" (priority {endpoint.Priority})")}");
        }

        var host = route.Rewrite?.Host ?? (config.Host == "pass" ? Head.AuthorityText : config.Host);
        return new ExplainedCluster(name, Math.Round(percent, 2), config.LoadBalancer.Key, endpoints, config.Endpoints.Source?.Key, Shown(host))
        {
            Chosen = config.Endpoints.Source is null ? ExplainedChoice.Of(_compiled.Snapshot.Clusters[name], _exchange) : null,
        };
    }

    private List<ExplainedFilter> FiltersOf(RouteConfig? route, IReadOnlyList<FilterEntry> chain)
    {
        var defaults = _config.Http.RouteFilters;
        var filters = _config.Http.Filters.Where(filter => !filter.Off)
            .Select(filter => new ExplainedFilter(filter.Key, _options.Of(filter.Options), "http.filters") { Says = WhatSays(_compiled.Snapshot.Global.Filters, filter.Key) })
            .ToList();
        foreach (var filter in ComponentChain.Refine(defaults, route?.Filters ?? []))
        {
            var isDefault = defaults.Any(candidate => candidate.Key == filter.Key);
            var isOwn = route?.Filters.Any(candidate => candidate.Key == filter.Key) == true;
            var from = isDefault && isOwn ? "http.route_filters and route" : isDefault ? "http.route_filters" : "route";
            filters.Add(new ExplainedFilter(filter.Key, _options.Of(filter.Options), from) { Says = WhatSays(chain, filter.Key) });
        }

        return filters;
    }

    private string? WhatSays(IReadOnlyList<FilterEntry> chain, string name)
    {
        try
        {
            return (chain.FirstOrDefault(entry => entry.Name == name)?.Filter as IExplainedFilter)?.Explain(_exchange) is { } line ? Shown(line) : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A plugin's code: what it throws is its answer.
            return $"it cannot say: {e.Message}";
        }
    }

    private List<NearMiss> MissesOf(string listener, string? winner)
    {
        // A list beside a list: the table explains in the order of the configuration.
        return
        [
            .. _compiled.Snapshot.Routes.Explain(Head, listener)
                .Zip(_config.Routes)
                .Where(pair => !pair.First.Wins)
                .Select(pair => new NearMiss(pair.First.Route, NearMissText.Of(pair.First, pair.Second.Match, _config, Head, listener, winner))),
        ];
    }

    private string Shown(string text) => WrittenText.Hide(_config.Written.Root, text);

    private static string Refused(in ProxyError error)
    {
        var detail = error.Detail is null ? "" : $" ({error.Detail})";
        return $"the request is refused: {LocalReplies.StatusOf(error.Kind)} {LocalReplies.ReasonOf(error)}{detail}";
    }

    private static int PortOf(ListenerPlan plan) => plan.Address switch
    {
        System.Net.IPEndPoint ip => ip.Port,
        System.Net.DnsEndPoint local => local.Port,
        _ => -1,
    };
}
