using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>The health of a cluster's endpoints: takes in what probes and outcomes say, tells the cluster and the log when it matters.</summary>
internal sealed class ClusterHealth(ProxyCluster cluster, Heartbeat heartbeat, Log? log)
{
    private readonly Lock _lock = new();

    /// <summary>Whether a probe that succeeds ends an ejection.</summary>
    public bool ProbesReadmit { get; init; } = true;

    public static EndpointHealth Of(Endpoint endpoint) => EndpointState.Of(endpoint).Health;

    public void Probed(Endpoint endpoint, in HealthResult result, HealthRules rules)
    {
        lock (_lock)
        {
            var health = Of(endpoint);
            health.Probed(result, rules, heartbeat.Now);
            if (result.IsHealthy && health.IsEjected && ProbesReadmit && health.Check == CheckState.Healthy)
            {
                Readmit(health);
            }

            Apply(endpoint, health);
        }
    }

    /// <summary>Keeps an endpoint out for a while. False when it is out already, or too many are.</summary>
    public bool TryEject(Endpoint endpoint, string reason, OutlierRules rules)
    {
        lock (_lock)
        {
            var health = Of(endpoint);
            if (health.IsEjected || !MayEject(rules))
            {
                health.Counters.ClearRuns();
                return false;
            }

            health.Eject(reason, heartbeat.Now + rules.TimeFor(health.Ejections + 1));
            health.Counters.ClearRuns();
            Apply(endpoint, health);
            return true;
        }
    }

    /// <summary>Lets endpoints in again whose time is up, and forgives the quiet ones an ejection when an interval is over.</summary>
    public void ReadmitDue(long now, bool isInterval)
    {
        lock (_lock)
        {
            foreach (var endpoint in cluster.Known.Span)
            {
                var health = Of(endpoint);
                if (health.IsEjected && now >= health.EjectedUntil)
                {
                    Readmit(health);
                }
                else if (isInterval && !health.IsEjected && health.Ejections > 0)
                {
                    health.Ejections--;
                }

                // Also what the same endpoint's health learned in the configuration before this one.
                Apply(endpoint, health);
            }
        }
    }

    /// <summary>Makes an endpoint's flag what its health says, and has the cluster look again when that is a change.</summary>
    public void Apply(Endpoint endpoint, EndpointHealth health)
    {
        // Compared with what was found before, not with what is in force: an operator may say otherwise.
        var state = EndpointState.Of(endpoint);
        if (state.FoundHealthy == health.IsHealthy)
        {
            return;
        }

        state.FoundHealthy = endpoint.IsHealthy = health.IsHealthy;
        if (health.IsHealthy)
        {
            state.ServingSince = heartbeat.Now;
            log?.EndpointUp(cluster.Name, endpoint.Name);
        }
        else
        {
            log?.EndpointDown(cluster.Name, endpoint.Name, health.Describe());
        }

        cluster.Refresh();
    }

    private static void Readmit(EndpointHealth health)
    {
        health.Readmit();
        health.Counters.ClearRuns();
    }

    private bool MayEject(OutlierRules rules)
    {
        var ejected = 0;
        foreach (var endpoint in cluster.Endpoints.Span)
        {
            ejected += Of(endpoint).IsEjected ? 1 : 0;
        }

        // One may always be ejected, however few there are, but not the only one.
        return cluster.Endpoints.Count > 1 && (ejected == 0 || (ejected + 1) * 100 <= cluster.Endpoints.Count * rules.MaxEjectionPercent);
    }
}
