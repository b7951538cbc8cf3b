namespace FilterProxy.Core.Clusters.Health;

/// <summary>What passive detection counts about an endpoint.</summary>
internal sealed class OutlierCounters
{
    public int Consecutive5xx;
    public int ConsecutiveGatewayErrors;
    public int ConsecutiveLocalFailures;

    /// <summary>Since the last interval: all, and those that succeeded.</summary>
    public int Total;
    public int Succeeded;

    /// <summary>Begins again.</summary>
    public void ClearRuns() => Consecutive5xx = ConsecutiveGatewayErrors = ConsecutiveLocalFailures = 0;
}
