using System.Diagnostics.CodeAnalysis;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// What every exchange has, whatever protocol its client speaks: its snapshot and route, the reply, the bodies as filters left
/// them, and the reasons to break off. The client's protocol is in the derived class.
/// </summary>
internal abstract partial class ProxyExchange : HttpExchange, ILoopWork
{
    private PipeBody? _replyPipe;
    private MemoryBody? _replyMemory;
    private CancellationTokenSource? _aborted;
    private Http2Upstream? _http2;

    // The kind, and above it the limit: set and read as one.
    private int _break;
    private int _attemptMark;
    private Cluster? _byRoute;
    private string? _currentFilter;

    protected ProxyExchange(ProxyServices services)
    {
        Services = services;
        AttemptHead = new RequestHead(Block);
        Pump = new RequestPump(this);
        Http1 = new Http1Upstream(this);
        Upstream = Http1;
        RequestBodyFilters = new BodyFilterRun(this);
        ResponseBodyFilters = new BodyFilterRun(this);
    }

    public ProxyServices Services { get; }

    public Heartbeat Heartbeat => Services.Heartbeat;

    /// <summary>The configuration this exchange began under.</summary>
    public ProxySnapshot Snapshot { get; private set; } = null!;

    /// <summary>The rules of its listener.</summary>
    public ListenerRules Rules { get; private set; } = null!;

    /// <summary>The matched route.</summary>
    public Route? Route { get; private set; }

    /// <summary>The chain for all phases after routing.</summary>
    public FilterChain Chain { get; private set; } = FilterChain.Empty;

    public RouteCaptures Captures { get; } = new();

    /// <summary>The request as the current attempt sends it: an overlay.</summary>
    public RequestHead AttemptHead { get; }

    /// <summary>The upstream half of the current attempt, or of the last one.</summary>
    public HttpUpstream Upstream { get; set; }

    /// <summary>That of attempts over HTTP/1.</summary>
    public Http1Upstream Http1 { get; private set; }

    /// <summary>That of attempts over HTTP/2; made by the first of them.</summary>
    public Http2Upstream Http2 => _http2 ??= new Http2Upstream(this);

    /// <summary>The request's body on its way upstream.</summary>
    public RequestPump Pump { get; }

    public BodyFilterRun RequestBodyFilters { get; }

    public BodyFilterRun ResponseBodyFilters { get; }

    /// <summary>The filter being called now, to blame for an exception.</summary>
    public string? CurrentFilter
    {
        get => _currentFilter;
        set
        {
            _currentFilter = value;
            Phases?.CallFilter(value);
        }
    }

    object ILoopWork.Owner => Services;

    string? ILoopWork.Filter => CurrentFilter;

    /// <summary>The event loop the exchange began on, where it comes back to after a filter left it; null without inline completions.</summary>
    public EventLoop? Loop { get; protected set; }

    public int NextResponseFilter { get; set; }

    /// <summary>Whether this is an Upgrade request that may become a byte stream.</summary>
    public bool IsUpgrade { get; protected set; }

    /// <summary>How the request's body is framed towards the upstream.</summary>
    public MessageFraming RequestFraming { get; protected set; }

    /// <summary>The request's body as filters left it.</summary>
    public BodyReader RequestBody { get; protected set; } = null!;

    public ClusterTimeouts Timeouts => Route?.Timeouts ?? (Peer?.Cluster as ProxyCluster)?.Timeouts ?? ClusterTimeouts.Default;

    /// <summary>What broke the exchange off from outside: a deadline, the client, a shutdown.</summary>
    public ProxyErrorKind BreakKind => (ProxyErrorKind)(byte)Volatile.Read(ref _break);

    /// <summary>The limit behind that; none where it was no limit.</summary>
    public Limit BreakLimit => (Limit)(Volatile.Read(ref _break) >> 8);

    public override CancellationToken Aborted
    {
        get
        {
            if (_aborted is null)
            {
                Interlocked.CompareExchange(ref _aborted, new CancellationTokenSource(), null);
                if (BreakKind != ProxyErrorKind.None)
                {
                    _aborted.Cancel();
                }
            }

            return _aborted.Token;
        }
    }

    /// <summary>The body of the local reply; null when the response is the upstream's.</summary>
    protected BodyReader? ReplyBody { get; private set; }

    /// <summary>Its length, or null when it is not known.</summary>
    protected long? ReplyLength { get; private set; }

    /// <summary>Makes ready for the next request of the connection.</summary>
    public virtual void Begin(ProxySnapshot snapshot, ListenerRules rules)
    {
        Snapshot = snapshot;
        Rules = rules;
        Route = null;
        Chain = snapshot.Fallback;
        ResetBooks();
        CurrentFilter = null;
        NextResponseFilter = 0;
        ForgetAttempts();
        IsUpgrade = false;
        IsBareReply = false;
        ReplyBody = null;
        _deferredReply = null;
        Volatile.Write(ref _break, 0);
        if (_aborted is not null && !_aborted.TryReset())
        {
            _aborted.Dispose();
            _aborted = null;
        }

        ResetState();
        ReleaseHeads();
        ResetBodies();
        Pump.Forget();
    }

    /// <summary>Gives back what holds the heads: an exchange that is not running has none of it.</summary>
    protected void ReleaseHeads()
    {
        Request.Reset();
        AttemptHead.Reset();
        Response.Reset();
        Block.Release();
        Response.Block.Release();
    }

    /// <summary>Finds the route and applies it up to its own filters. False when the exchange has its answer already.</summary>
    public bool Match()
    {
        if (Error.IsError)
        {
            // A global filter buffered the body, and it broke off.
            return false;
        }

        Phases?.Enter("route");
        if (!Snapshot.Routes.TryMatch(Request, Downstream.ListenerName, Captures, out var route))
        {
            Error = ProxyError.Downstream(ProxyErrorKind.NoRoute);
            return false;
        }

        Route = route;
        RouteName = route.Name;
        ArmRoute(route);
        Chain = route.FullChain;
        Cluster ??= _byRoute = route.Split?.Pick(this) ?? route.Cluster;
        Phases?.Enter("route.request_filter");
        return true;
    }

    /// <summary>What the route does once its request filters let the request pass. False when the exchange has its answer.</summary>
    public bool EnterRoute()
    {
        if (Error.IsError)
        {
            return false;
        }

        var route = Route!;
        if (route.Split is not null && ReferenceEquals(Cluster, _byRoute))
        {
            // By now filters know who the client is.
            Cluster = route.Split.Match(this) ?? Cluster;
        }

        if (route.Redirect is not null)
        {
            Error = route.Redirect.Reply(this, Captures);
            return false;
        }

        if (route.Respond is not null)
        {
            route.Respond.Reply(this);
            return false;
        }

        Error = route.Rewrite?.Apply(Request, Captures) ?? default;
        return !Error.IsError;
    }

    /// <summary>Forgets what the last attempt left.</summary>
    public void BeginAttempt()
    {
        if (Attempt++ > 0)
        {
            Block.Truncate(_attemptMark);
            Response.Reset();
            Response.Block.Reset();
        }
        else
        {
            BeginRequestBodyFilters();
            _attemptMark = Block.Length;
        }

        Error = default;
        Rejection = default;
        Phases?.Enter("upstream_peer");
    }

    /// <summary>The peer of this attempt: a filter's choice, else the balancer's.</summary>
    public ValueTask<UpstreamPeer?> SelectPeerAsync()
    {
        var choice = Chain.SelectPeerAsync(this);
        return choice is { IsCompletedSuccessfully: true, Result: null } ? Admission.AdmitAsync(this) : FinishSelectAsync(choice);
    }

    public override bool TryGetCluster(string name, [NotNullWhen(true)] out Cluster? cluster)
    {
        var found = Snapshot.Clusters.TryGetValue(name, out var named);
        cluster = named;
        return found;
    }

    /// <summary>Breaks the exchange off from outside: another thread, or a deadline. The first reason wins.</summary>
    public void Break(ProxyErrorKind kind, AbortReason reason, Limit limit = Limit.None)
    {
        if (Interlocked.CompareExchange(ref _break, (int)kind | ((int)limit << 8), 0) != 0)
        {
            return;
        }

        Services.Limits.Reached(limit);
        AbortReason = reason;
        Upstream.Abort();
        Rival?.Abort();
        CancelReply();
        _ = _aborted?.CancelAsync();

        // Last: it may run the exchange to its end, and the next one's beginning, before it returns.
        OnBroken(kind);
    }

    /// <summary>Makes a read of a reply's streaming body end.</summary>
    protected void CancelReply() => (ReplyBody as PipeBody)?.Cancel();

    /// <summary>After the exchange: the first reason of what is left to read on the connection may win again.</summary>
    public void ForgetBreak() => Volatile.Write(ref _break, 0);

    /// <summary>Makes an error of an exception and says whose it was.</summary>
    public ProxyError Blame(Exception exception, string? bodyFilter = null)
    {
        if ((bodyFilter ?? CurrentFilter ?? ResponseBodyFilters.Current) is { } filter)
        {
            ReportFilterFailure(filter, exception);
            return ProxyError.Filter(filter, exception);
        }

        Services.Log.EngineFailure(exception, Downstream.ConnectionId);
        return ProxyError.Internal(exception);
    }

    public void ReportFilterFailure(string filter, Exception exception)
    {
        Services.Filters.Failed(filter, "exchange");
        Services.Log.FilterFailure(exception, filter, RouteName ?? "-");
    }

    /// <summary>After the head of the response was written.</summary>
    public abstract ValueTask SendResponseAsync();

    /// <summary>Sends an interim response (1xx) now.</summary>
    public abstract ValueTask<bool> SendInterimAsync();

    /// <summary>Makes a read of the request's body that is under way end with <see cref="BodyStatus.Canceled"/>.</summary>
    public abstract void CancelRequestRead();

    /// <summary>Arms or disarms the deadline for the client to send more of its body.</summary>
    public abstract void AwaitRequestBody(bool awaiting);

    /// <summary>Makes the client's leaving noticeable while nobody reads from it.</summary>
    public abstract void WatchClient();

    /// <summary>Arms the deadlines of the exchange as a whole.</summary>
    protected abstract void ArmRoute(Route route);

    /// <summary>Frees whatever of the client's side waits, after <see cref="Break"/>.</summary>
    protected abstract void OnBroken(ProxyErrorKind kind);
}
