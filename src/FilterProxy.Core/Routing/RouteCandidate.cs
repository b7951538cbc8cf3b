namespace FilterProxy.Core.Routing;

/// <summary>A rule at one of the places of the table where it stands.</summary>
internal sealed class RouteCandidate<T>
{
    private readonly RouteCondition[] _conditions;

    public RouteCandidate(RouteRule<T> rule, int index)
    {
        Rule = rule;
        Index = index;
        var conditions = new List<RouteCondition>();
        if (rule.Listeners.Count > 0)
        {
            conditions.Add(new ListenerCondition(rule.Listeners));
        }

        if (rule.Methods.Count > 0)
        {
            conditions.Add(new MethodCondition(rule.Methods));
        }

        conditions.AddRange(rule.Headers);
        conditions.AddRange(rule.Query);
        _conditions = [.. conditions];
    }

    public RouteRule<T> Rule { get; }

    public int Index { get; }

    /// <summary>Between rules for the same host and path: more conditions first, then configuration order.</summary>
    public static int Compare(RouteCandidate<T> left, RouteCandidate<T> right)
    {
        var byConditions = right._conditions.Length.CompareTo(left._conditions.Length);
        return byConditions != 0 ? byConditions : CompareOrder(left, right);
    }

    public static int CompareOrder(RouteCandidate<T> left, RouteCandidate<T> right)
    {
        var byOrder = left.Rule.Order.CompareTo(right.Rule.Order);
        return byOrder != 0 ? byOrder : left.Index.CompareTo(right.Index);
    }

    public bool IsMet(RequestHead request, string listener)
    {
        foreach (var condition in _conditions)
        {
            if (!condition.IsMet(request, listener))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The first thing that keeps the rule from matching, or null.</summary>
    public string? FindObstacle(RequestHead request, string listener)
    {
        if (Rule.Hosts.Count > 0 && !Rule.Hosts.Any(h => h.Matches(request.Authority)))
        {
            return "host";
        }

        if (Rule.Paths.Count > 0 && !Rule.Paths.Any(p => p.Matches(request.Path)))
        {
            return "path";
        }

        return _conditions.FirstOrDefault(c => !c.IsMet(request, listener))?.Subject;
    }
}
