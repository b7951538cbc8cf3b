using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>What an exchange holds while it is tried, and remembers from one attempt to the next.</summary>
internal abstract partial class ProxyExchange
{
    private RetryBudget? _budget;

    /// <summary>Endpoints whose attempts failed.</summary>
    public List<Endpoint> Tried { get; } = [];

    /// <summary>How often an endpoint refused the request when there was no other.</summary>
    public int Refusals { get; set; }

    /// <summary>Attempts that the retry policy asked for.</summary>
    public int PolicyRetries { get; set; }

    /// <summary>Clusters that handed the request on.</summary>
    public int Fallbacks { get; set; }

    /// <summary>The next attempt needs a connection that was not idle: the last idle one turned out dead.</summary>
    public bool NeedsFreshConnection { get; set; }

    /// <summary>Which attempts are followed by another: the route's rules, else the cluster's; null for neither.</summary>
    public RetryPolicy? RetryPolicy => Route?.Retry ?? (Cluster as ProxyCluster)?.Guard.Retry;

    /// <summary>Why the cluster did not take the request.</summary>
    public ProxyError Rejection { get; set; }

    /// <summary>How the attempt before this one failed.</summary>
    public ProxyError LastError { get; set; }

    /// <summary>The cluster that counts this exchange among its requests.</summary>
    public ProxyCluster? Entered { get; set; }

    /// <summary>The endpoint that counts this exchange among its requests.</summary>
    public Endpoint? HeldEndpoint { get; set; }

    /// <summary>What the next choice of an endpoint depends on.</summary>
    public PickContext PickContext => new(HashKey, this, null, Tried.Count == 0 ? null : Tried);

    /// <summary>The error of an attempt without a peer.</summary>
    public ProxyError NoPeer =>
        LastError.IsError ? LastError : Rejection.IsError ? Rejection : ProxyError.Upstream(ProxyErrorKind.NoEndpoint);

    /// <summary>The error of an exchange that was broken off from outside; null when it was not.</summary>
    public ProxyError? BreakError => BreakKind switch
    {
        ProxyErrorKind.None => null,
        ProxyErrorKind.UpstreamTimeout or ProxyErrorKind.RouteTimeout => ProxyError.Upstream(BreakKind, detail: Limits.DetailOf(BreakLimit)),
        var kind => ProxyError.Downstream(kind, Limits.DetailOf(BreakLimit)),
    };

    /// <summary>Counts the exchange on a peer that a filter chose, from the choice on: one that cannot be reached must not look idle.</summary>
    public UpstreamPeer? Hold(UpstreamPeer? peer)
    {
        HeldEndpoint = peer?.Endpoint;
        HeldEndpoint?.Begin();
        return peer;
    }

    /// <summary>Takes a retry of the policy's budget; <see cref="ReturnRetry"/> follows when its attempt is over.</summary>
    public bool TryTakeRetry()
    {
        var budget = RetryPolicy!.Budget;
        if (!budget.TryTake(Entered?.Guard.Requests.Active ?? 0))
        {
            return false;
        }

        _budget = budget;
        return true;
    }

    /// <summary>Tells the client which endpoint it belongs to, where its cluster keeps it there.</summary>
    public void StampAffinity()
    {
        if (Entered is { Affinity: not null } cluster && !HasReply && ReferenceEquals(Peer?.Cluster, cluster))
        {
            cluster.Stamp(this);
        }
    }

    /// <summary>The attempt is over: its endpoint has one exchange less.</summary>
    public void ReleaseEndpoint()
    {
        HeldEndpoint?.End();
        HeldEndpoint = null;
    }

    /// <summary>The attempt was a retry and is over: its policy's budget has one more to spend.</summary>
    public void ReturnRetry()
    {
        _budget?.Return();
        _budget = null;
    }

    /// <summary>The exchange is over, or goes to another cluster: the one it was in has one less.</summary>
    public void Leave()
    {
        Entered?.Guard.Requests.Leave();
        Entered = null;
    }

    private async ValueTask<UpstreamPeer?> FinishSelectAsync(ValueTask<UpstreamPeer?> choice) =>
        await choice is { } chosen ? Hold(chosen) : await Admission.AdmitAsync(this);

    private void ForgetAttempts()
    {
        Tried.Clear();
        Refusals = PolicyRetries = Fallbacks = 0;
        NeedsFreshConnection = false;
        Rejection = LastError = default;
    }
}
