using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Rbac;

/// <summary>Lets requests pass or refuses them by policies over who asks for what, from where and when. What no policy allows is refused.</summary>
[Component("rbac")]
public sealed class RbacFilter : IRequestFilter, IExplainedFilter
{
    private const string Namespace = "rbac";
    private static readonly byte[] Body = "Forbidden (rbac_denied)\n"u8.ToArray();

    private readonly RbacOptions _options;
    private readonly Policy[] _policies;
    private readonly RbacMetrics _metrics;
    private readonly DenialLog _log;
    private readonly TimeProvider _time;

    /// <summary>Prepares the policies.</summary>
    public RbacFilter(RbacOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _policies = [.. options.Policies.Select(policy => new Policy(policy))];
        _metrics = new RbacMetrics(context.Meter);
        _log = new DenialLog(context.Logger, context.Time);
        _time = context.Time;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var decision = Decision.Of(_policies, _options.AllowUnmatched, exchange, _time.GetUtcNow());
        _metrics.Count(decision);
        exchange.Metadata[Namespace, "policy"] = decision.By?.Name;
        if (decision.IsAllowed)
        {
            return new(FilterStatus.Continue);
        }

        if (_options.Shadow)
        {
            _log.Write(exchange, "rbac_shadow", $"{Why(decision)}, were it not for shadow");
            return new(FilterStatus.Continue);
        }

        exchange.Reply(_options.Status, "rbac_denied", Body, "text/plain; charset=utf-8");
        _log.Write(exchange, "rbac_denied", Why(decision));
        return new(FilterStatus.Stop);
    }

    /// <inheritdoc/>
    public string Explain(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var decision = Decision.Of(_policies, _options.AllowUnmatched, exchange, _time.GetUtcNow());
        var said = decision.IsAllowed ? $"allowed: {(decision.By is { } by ? $"policy '{by.Name}'" : "no policy fits, and allow_unmatched is set")}" : $"refused with {_options.Status}: {Why(decision)}";
        return $"{said}{(decision.Otherwise is { } shadow ? $"; shadow policy '{shadow.Name}' would decide otherwise" : "")}{(_options.Shadow ? "; all of it is shadow: nothing is refused" : "")}";
    }

    private static string Why(in Decision decision) => decision.By is { } policy ? $"policy '{policy.Name}' denies it" : "no policy allows it";
}
