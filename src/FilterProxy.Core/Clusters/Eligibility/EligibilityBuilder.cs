namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>Makes a cluster's <see cref="EligibleSet"/>: subset, then priority and panic, then zone, then shares, then the balancer's picker.</summary>
/// <param name="rules">The cluster's.</param>
/// <param name="balancer">Makes the pickers.</param>
internal sealed class EligibilityBuilder(EligibilityRules rules, ILoadBalancer balancer)
{
    /// <param name="endpoints">All there are, with the shares the operator gave them.</param>
    /// <param name="previous">The set this one replaces; its pickers hand their state on.</param>
    /// <param name="now">Heartbeat milliseconds.</param>
    public EligibleSet Build(EndpointSet endpoints, EligibleSet previous, long now)
    {
        var members = Enumerable.Range(0, endpoints.Count).Select(i => new Member(endpoints[i], endpoints.WeightOf(i))).ToList();
        var pickers = previous.Groups
            .SelectMany(group => group.Levels.Select(level => (Key: (group.Name, level.Priority), level.Picker)))
            .DistinctBy(pair => pair.Key)
            .ToDictionary(pair => pair.Key, pair => pair.Picker);
        var all = BuildGroup("", members, endpoints, pickers, now);
        var subsets = rules.Subset is { } rule
            ? members.GroupBy(member => rule.NameOf(member.Endpoint)).Where(group => group.Key is not null)
                .Select(group => BuildGroup(group.Key!, [.. group], null, pickers, now)).ToArray()
            : [];
        var isGrowing = rules.SlowStart is { } slow && members.Exists(member => slow.IsGrowing(member.Endpoint, now));
        return new EligibleSet(all, subsets, rules.Subset) { DueAt = isGrowing ? now + rules.SlowStart!.Step : 0 };
    }

    private EligibleGroup BuildGroup(
        string name, List<Member> members, EndpointSet? whole, Dictionary<(string, int), IEndpointPicker> pickers, long now)
    {
        whole ??= SetOf(members);
        var byPriority = members.Where(member => member.Weight > 0).GroupBy(member => member.Endpoint.Priority).OrderBy(group => group.Key).ToList();
        var loads = PriorityLoads.Share(
            [.. byPriority.Select(level => new PriorityLoad(level.Count(), level.Count(member => member.Endpoint.IsHealthy)))], rules.PanicThreshold);
        var levels = new List<EligibleLevel>();
        foreach (var (level, load) in byPriority.Zip(loads))
        {
            if (load.Percent > 0)
            {
                var chosen = Choose([.. level], load.IsPanic, out var isZone);
                var set = chosen.Count == whole.Count && rules.SlowStart is null ? whole : SetOf(Grown(chosen, now));
                levels.Add(new EligibleLevel(
                    level.Key, load.Percent, load.IsPanic, isZone, set, balancer.Build(set, pickers.GetValueOrDefault((name, level.Key)))));
            }
        }

        return new EligibleGroup(name, [.. levels], rules.PanicThreshold > 0 ? whole : EndpointSet.Empty);
    }

    private List<Member> Choose(List<Member> level, bool isPanic, out bool isZone)
    {
        isZone = false;
        if (isPanic)
        {
            return level;
        }

        if (rules.Zone is { } zone)
        {
            var near = level.FindAll(member => zone.IsLocal(member.Endpoint));
            var healthy = near.FindAll(member => member.Endpoint.IsHealthy);
            if (healthy.Count > 0 && healthy.Count * 100 >= near.Count * zone.MinHealthy)
            {
                isZone = true;
                return healthy;
            }
        }

        return level.FindAll(member => member.Endpoint.IsHealthy);
    }

    private List<Member> Grown(List<Member> members, long now) =>
        rules.SlowStart is { } slow && members.Exists(member => slow.IsGrowing(member.Endpoint, now))
            ? [.. members.Select(member => member with
            {
                Weight = (int)Math.Clamp(member.Weight * SlowStart.Scale * slow.PartOf(member.Endpoint, now), 1, int.MaxValue),
            })]
            : members;

    private static EndpointSet SetOf(List<Member> members) =>
        new([.. members.Select(member => member.Endpoint)], [.. members.Select(member => member.Weight)]);

    private readonly record struct Member(Endpoint Endpoint, int Weight);
}
