using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>
/// Probes a cluster's endpoints, each in its own rhythm. A new one is probed at once. Probes run on the thread pool, a bounded number at a
/// time, and one that does not end is given up. Those in maintenance are left alone.
/// </summary>
internal sealed class HealthMonitor(ProxyCluster cluster, IHealthCheck check, HealthRules rules, Heartbeat heartbeat, TimeProvider time) : IHeartbeatTarget
{
    private const int MostAtOnce = 256;
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<Endpoint, Turn> _turns = [];
    private long _probes;
    private int _running;
    private volatile bool _stopped;

    public HealthRules Rules => rules;

    /// <summary>Probes that have ended.</summary>
    public long Probes => Volatile.Read(ref _probes);

    /// <summary>Probes under way.</summary>
    public int Running => Volatile.Read(ref _running);

    public void Stop() => _stopped = true;

    public void OnHeartbeat(long now)
    {
        foreach (var endpoint in cluster.Known.Span)
        {
            if (_running >= MostAtOnce || _stopped)
            {
                return;
            }

            var turn = _turns.GetOrCreateValue(endpoint);
            if (endpoint.IsInMaintenance)
            {
                // Its health is asked anew when it is back, and as that of a new one.
                turn.Rested = true;
            }
            else if (now >= turn.DueAt && Interlocked.Exchange(ref turn.IsRunning, 1) == 0)
            {
                Interlocked.Increment(ref _running);
                ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Monitor.ProbeAsync(state.Endpoint, state.Turn), (Monitor: this, Endpoint: endpoint, Turn: turn), preferLocal: false);
            }
        }
    }

    private async Task ProbeAsync(Endpoint endpoint, Turn turn)
    {
        try
        {
            var result = await ProbeAsync(endpoint);
            if (!_stopped && !endpoint.IsInMaintenance)
            {
                if (turn.Rested)
                {
                    turn.Rested = false;
                    ClusterHealth.Of(endpoint).ForgetChecks();
                }

                cluster.Health.Probed(endpoint, result, rules);
            }
        }
        finally
        {
            turn.DueAt = heartbeat.Now + rules.Interval + Dice.Below((int)Math.Min(int.MaxValue, (rules.Interval * rules.Jitter / 100) + 1));
            Volatile.Write(ref turn.IsRunning, 0);
            Interlocked.Increment(ref _probes);
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task<HealthResult> ProbeAsync(Endpoint endpoint)
    {
        using var timeout = new CancellationTokenSource(rules.Timeout, time);
        try
        {
            return await check.ProbeAsync(endpoint.Peer, timeout.Token).AsTask().WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return HealthResult.Unhealthy($"no answer within {rules.Timeout.TotalMilliseconds:0} ms");
        }
        catch (UpstreamException e)
        {
            return HealthResult.Unhealthy(e.Error.Detail ?? e.Error.Kind.ToString());
        }
        catch (Exception e)
        {
            return HealthResult.Unhealthy((e.InnerException as UpstreamException)?.Error.Detail ?? e.Message);
        }
    }

    private sealed class Turn
    {
        public long DueAt;
        public int IsRunning;
        public volatile bool Rested;
    }
}
