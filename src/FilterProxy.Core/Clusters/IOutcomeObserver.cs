namespace FilterProxy.Core.Clusters;

/// <summary>Part of a cluster that is told how attempts on its endpoints ended. By many threads at once; must not lock or allocate.</summary>
internal interface IOutcomeObserver
{
    void Observe(Endpoint endpoint, in Outcome outcome);
}
