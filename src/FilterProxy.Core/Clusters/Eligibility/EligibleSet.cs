namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>
/// The endpoints of a cluster that take traffic now, ready to be picked from. Immutable: made anew when the endpoints, their health or their
/// shares change, never while picking.
/// </summary>
internal sealed class EligibleSet
{
    public static readonly EligibleSet Empty = new(new EligibleGroup("", [], EndpointSet.Empty), [], null);

    private readonly EligibleGroup _all;
    private readonly EligibleGroup[] _subsets;
    private readonly SubsetRule? _rule;

    /// <param name="all">For requests that may go anywhere.</param>
    /// <param name="subsets">The subsets there are.</param>
    /// <param name="rule">Which of them a request gets; null for no subsets.</param>
    public EligibleSet(EligibleGroup all, EligibleGroup[] subsets, SubsetRule? rule) => (_all, _subsets, _rule) = (all, subsets, rule);

    /// <summary>All groups, that of all endpoints first.</summary>
    public IEnumerable<EligibleGroup> Groups => _subsets.Prepend(_all);

    /// <summary>When it is to be made anew though nothing happens, in heartbeat milliseconds; 0 for never.</summary>
    public long DueAt { get; init; }

    /// <summary>An endpoint for a request; null when there is none.</summary>
    public Endpoint? Pick(in PickContext context) => _rule is null ? _all.Pick(context) : GroupFor(context)?.Pick(context);

    /// <summary>The group a request's endpoint is picked from; null when it may have none.</summary>
    public EligibleGroup? GroupFor(in PickContext context)
    {
        if (_rule is null)
        {
            return _all;
        }

        var text = TemplateScratch.BeginLine();
        if (context.Exchange is { } exchange && _rule.Key.TryFormat(exchange, text))
        {
            foreach (var subset in _subsets)
            {
                if (text.Written.SequenceEqual(subset.Key))
                {
                    return subset;
                }
            }
        }

        return _rule.Fallback == SubsetFallback.Any ? _all : null;
    }
}
