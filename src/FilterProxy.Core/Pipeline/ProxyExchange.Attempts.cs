using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Pipeline;

/// <summary>What an exchange holds while it is tried, and remembers from one attempt to the next.</summary>
internal abstract partial class ProxyExchange
{
    private RetryPlace _retry;
    private HedgeRace? _hedge;
    private volatile HttpUpstream? _rival;

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

    /// <summary>Runs an attempt and another beside it; made by the first exchange that may need it.</summary>
    public HedgeRace Hedge => _hedge ??= new HedgeRace(this);

    /// <summary>That, while it runs.</summary>
    public HedgeRace? Race { get; set; }

    /// <summary>The upstream half of the attempt that runs beside the current one; null for none.</summary>
    public HttpUpstream? Rival
    {
        get => _rival;
        set => _rival = value;
    }

    /// <summary>Ends the wait for a connection of the current attempt.</summary>
    public CancellationToken AttemptAborted => Race?.SecondAborted ?? Aborted;

    /// <summary>Why the cluster did not take the request.</summary>
    public ProxyError Rejection { get; set; }

    /// <summary>How the attempt before this one failed.</summary>
    public ProxyError LastError { get; set; }

    /// <summary>The cluster that counts this exchange among its requests.</summary>
    public ProxyCluster? Entered { get; set; }

    /// <summary>What counts this exchange among those of the process; null where they are not counted.</summary>
    public ExchangeGate? Gate { get; set; }

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

    /// <summary>Takes a place for a retry; <see cref="ReturnRetry"/> follows when its attempt is over. The limit that was reached; none when there was one.</summary>
    public Limit TakeRetry() => _retry.TryTake(RetryPolicy!, Entered?.Guard);

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

    /// <summary>The attempt was a retry and is over.</summary>
    public void ReturnRetry() => _retry.Return();

    /// <summary>Changes the upstream halves for others: those in use belong to an attempt that goes on beside the next.</summary>
    public void SwapUpstreams(ref Http1Upstream? http1, ref Http2Upstream? http2)
    {
        (Http1, http1) = (http1 ?? new Http1Upstream(this), Http1);
        (_http2, http2) = (http2, _http2);
    }

    /// <summary>The exchange is over, or goes to another cluster: the one it was in has one less.</summary>
    public void Leave()
    {
        Entered?.Guard.Requests.Leave();
        Entered = null;
    }

    /// <summary>The exchange is over, or has become a mere relay: the process has one less.</summary>
    public void LeaveGate()
    {
        Gate?.Leave();
        Gate = null;
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
