namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>Endpoints of one priority: how many there are, how many are healthy, and what they get.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Healthy">How many of them are healthy.</param>
internal readonly record struct PriorityLoad(int Total, int Healthy)
{
    /// <summary>Percent of the traffic.</summary>
    public int Percent { get; init; }

    /// <summary>Whether health is not asked.</summary>
    public bool IsPanic { get; init; }
}

/// <summary>
/// Shares the traffic among priorities as Envoy does: each takes what its healthy endpoints can carry, where 1.4 times as many are assumed to
/// be there as are needed, and leaves the rest to the next.
/// </summary>
internal static class PriorityLoads
{
    private const int Overprovisioning = 140;

    /// <summary>The loads, which add up to 100 unless no endpoint may be used.</summary>
    /// <param name="levels">By priority, the first first.</param>
    /// <param name="panicThreshold">Percent that must be healthy; 0 for no panic.</param>
    public static PriorityLoad[] Share(IReadOnlyList<PriorityLoad> levels, int panicThreshold)
    {
        var loads = levels.ToArray();
        var left = 100;
        for (var i = 0; i < loads.Length; i++)
        {
            loads[i] = loads[i] with { Percent = Math.Min(left, Capacity(loads[i])) };
            left -= loads[i].Percent;
        }

        if (left == 0 || loads.Length == 0)
        {
            return loads;
        }

        // All together they carry too little: they share what there is, and what is nearly dead is used whole.
        var carried = 100 - left;
        for (var i = 0; i < loads.Length; i++)
        {
            var panic = panicThreshold > 0 && loads[i].Healthy * 100 < loads[i].Total * panicThreshold;
            loads[i] = loads[i] with { Percent = carried == 0 ? 0 : loads[i].Percent * 100 / carried, IsPanic = panic };
        }

        if (carried == 0 && loads[0].IsPanic)
        {
            loads[0] = loads[0] with { Percent = 100 };
        }
        else if (carried > 0)
        {
            // What rounding lost.
            var first = Array.FindIndex(loads, load => load.Percent > 0);
            loads[first] = loads[first] with { Percent = loads[first].Percent + 100 - loads.Sum(load => load.Percent) };
        }

        return loads;
    }

    private static int Capacity(PriorityLoad load) => load.Total == 0 ? 0 : Math.Min(100, load.Healthy * Overprovisioning / load.Total);
}
