using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>What holds for HTTP on every listener.</summary>
internal sealed record HttpConfig
{
    /// <summary>Filters run before routing, for every request; routes cannot change them. Default: none.</summary>
    [ComponentKind(typeof(IHttpFilter))]
    public IReadOnlyList<ComponentConfig> Filters { get; init; } = [];

    /// <summary>The default chain of every route, run after routing; a route's <c>filters</c> refine it. Default: none.</summary>
    [ComponentKind(typeof(IHttpFilter))]
    public IReadOnlyList<ComponentConfig> RouteFilters { get; init; } = [];

    /// <summary>What is told upstream about the client, and whose word about it is taken.</summary>
    public ForwardingConfig Forwarding { get; init; } = new();

    /// <summary>Sizes and times a client must keep within.</summary>
    public LimitsConfig Limits { get; init; } = new();

    /// <summary>What HTTP/2 clients are offered.</summary>
    public Http2Config Http2 { get; init; } = new();

    /// <summary>
    /// What becomes of request headers with an underscore in their name, which CGI-like upstreams cannot tell from a hyphen:
    /// <c>allow</c>, <c>drop</c> (the header) or <c>reject</c> (the request, with 400). Default: drop.
    /// </summary>
    public HeaderUnderscores Underscores { get; init; } = HeaderUnderscores.Drop;

    /// <summary>How the path is made unambiguous before routing.</summary>
    public PathConfig Path { get; init; } = new();

    /// <summary>Lets CONNECT requests reach routes; otherwise they get 405. Default: false.</summary>
    public bool AllowConnect { get; init; }

    /// <summary>The Server header of every response. Default: the upstream's is passed on.</summary>
    public string? ServerHeader { get; init; }

    /// <summary>
    /// The field of every reply made here, by the engine or a filter, that says why in one stable word; <c>off</c> leaves it out.
    /// Default: x-filterproxy-reason.
    /// </summary>
    [OffIsNull]
    public string? ReasonHeader { get; init; } = "x-filterproxy-reason";
}
