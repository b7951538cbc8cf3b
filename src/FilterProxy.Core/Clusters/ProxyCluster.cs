using System.Collections.Concurrent;
using FilterProxy.Core.Clusters.Affinity;
using FilterProxy.Core.Clusters.Eligibility;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Clusters;

/// <summary>A cluster as it runs: endpoints, those of them that take traffic, and a pool per peer.</summary>
internal sealed partial class ProxyCluster : Cluster, IHeartbeatTarget, IThreadPoolWorkItem
{
    private readonly ConcurrentDictionary<UpstreamPeer, object> _pools = new();
    private readonly ConcurrentDictionary<Endpoint, bool> _leaving = new();
    private readonly ILoadBalancer _balancer;
    private readonly IConnector _connector;
    private readonly IHttpConnector? _http;
    private readonly PeerSettings _peerSettings;
    private readonly PoolRules _poolRules;
    private readonly Heartbeat _heartbeat;
    private readonly int _shelves;
    private readonly Lock _changing = new();
    private readonly SharedTimeout _connectTimeouts;
    private IReadOnlyList<DiscoveredEndpoint> _discovered = [];
    private object? _controlled;
    private volatile bool _isStarted;

    public ProxyCluster(
        string name, ILoadBalancer balancer, IConnector connector, ClusterTimeouts timeouts, PoolRules poolRules, PeerSettings peerSettings,
        Heartbeat heartbeat, int shelves)
        : base(name)
    {
        _balancer = balancer;
        _connector = connector;
        _http = connector is IHttpConnector { TakesRequests: true } http ? http : null;
        _peerSettings = peerSettings;
        _poolRules = poolRules;
        _heartbeat = heartbeat;
        _connectTimeouts = new SharedTimeout(poolRules.ConnectTimeout);
        _shelves = shelves;
        Timeouts = timeouts;
        if (poolRules.InAll is { } inAll)
        {
            inAll.CloseIdle = CloseIdle;
        }

        Health = new ClusterHealth(this, heartbeat, null);
    }

    public ClusterTimeouts Timeouts { get; }

    /// <summary>The clock relays' rates are kept by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How connections are kept where HTTP/2 is spoken.</summary>
    public Http2Rules Http2 { get; init; } = Http2Rules.Default;

    /// <summary>What operators said about endpoints.</summary>
    public EndpointControls Controls { get; init; } = new();

    /// <summary>What keeps it from being overrun.</summary>
    public ClusterGuard Guard { get; init; } = new();

    /// <summary>Counts attempts and connections; null where nothing is counted.</summary>
    public AttemptMetrics? Metrics { get; init; }

    /// <summary>The connections there are, by peer.</summary>
    public IEnumerable<KeyValuePair<UpstreamPeer, object>> Pools => _pools;

    /// <summary>Endpoints it no longer has on which exchanges still run.</summary>
    public IEnumerable<Endpoint> Leaving
    {
        get
        {
            foreach (var (endpoint, _) in _leaving)
            {
                if (endpoint.InFlight == 0)
                {
                    _leaving.TryRemove(endpoint, out _);
                }
            }

            return _leaving.Keys;
        }
    }

    /// <summary>How clients keep to their endpoint; null for not at all.</summary>
    public AffinityRules? Affinity { get; init; }

    /// <summary>Which endpoints take traffic.</summary>
    public EligibilityRules Eligibility { get; init; } = EligibilityRules.Default;

    /// <summary>What is known about the health of its endpoints.</summary>
    public ClusterHealth Health { get; private set; }

    /// <summary>Probes them; null where nobody asks them.</summary>
    public HealthMonitor? Monitor { get; private set; }

    /// <summary>Judges them by the traffic; null where nobody does.</summary>
    public OutlierDetector? Outliers { get; private set; }

    /// <summary>Makes ready to watch over endpoints. Before the first of them.</summary>
    /// <param name="log">Is told what goes down and comes up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="check">Probes endpoints; null for nobody.</param>
    /// <param name="rules">When it does.</param>
    /// <param name="outliers">When traffic tells that an endpoint is to be left out; null for never.</param>
    public void WatchOver(Log log, TimeProvider time, IHealthCheck? check, HealthRules? rules, OutlierRules? outliers)
    {
        Health = new ClusterHealth(this, _heartbeat, log) { ProbesReadmit = outliers?.ProbesReadmit ?? true };
        Monitor = check is null ? null : new HealthMonitor(this, check, rules!, _heartbeat, time);
        Outliers = outliers is null ? null : new OutlierDetector(this, outliers);
        _observers = [.. new object?[] { Outliers, _balancer, Guard.Breaker, Guard.Adaptive }.OfType<IOutcomeObserver>()];
    }

    void IHeartbeatTarget.OnHeartbeat(long now)
    {
        Monitor?.OnHeartbeat(now);
        Outliers?.OnHeartbeat(now);
        Guard.Breaker?.OnHeartbeat(now);
        Guard.Adaptive?.OnHeartbeat(now);
        if (Eligible.DueAt is > 0 and var due && now >= due)
        {
            Refresh();
        }
    }

    /// <summary>The cluster is in force: connections that are to be open ahead of use are opened, now and for later endpoints.</summary>
    public void Start()
    {
        _isStarted = true;
        if (Eligibility.SlowStart is not null || Monitor is not null || _observers.Length > 0)
        {
            _heartbeat.Add(this);
        }

        TakeControls();
        Warm();
    }

    /// <summary>
    /// What keeps a peer's connections: a <see cref="ConnectionPool"/> for HTTP/1, an <see cref="HttpPool"/> for a peer that takes whole
    /// requests, a <see cref="NegotiatedPool"/> where the peer chooses.
    /// </summary>
    public object GetPool(UpstreamPeer peer) =>
        peer.Pool ??= _pools.GetOrAdd(peer, static (p, cluster) => cluster.MakePool(p), this);

    // What is dialled for its bytes, a tunnel, carries as much as what is accepted: it has a loop as that has.
    public override ValueTask<ConnectionContext> ConnectToAsync(UpstreamPeer peer, CancellationToken cancel) => _connector.ConnectAsync(
        peer, peer.Protocol == UpstreamProtocol.Bytes ? new ConnectContext(Loop: EventLoop.All.Count > 0 ? EpollLoop.Next() : null) : default, cancel);

    /// <summary>What takes whole requests to a peer; null where a byte stream does.</summary>
    public HttpMessageInvoker? HttpOf(UpstreamPeer peer) => _http?.GetHttp(peer);

    /// <summary>Closes all pools: the cluster is no longer in any snapshot in use.</summary>
    public void Close()
    {
        Monitor?.Stop();
        _heartbeat.Remove(this);
        ClosePools(static _ => true);
    }

    private bool CloseIdle()
    {
        foreach (var pool in _pools.Values)
        {
            if ((pool as ConnectionPool)?.TryCloseIdle() == true)
            {
                return true;
            }
        }

        return false;
    }

    // Who works on the machine waits for the last connection to it. Those of HTTP/2 are the framework's, and end by its idle timeout.
    private void CloseIdleInMaintenance()
    {
        foreach (var (peer, pool) in _pools)
        {
            while (peer.Endpoint.IsInMaintenance && (pool as ConnectionPool)?.TryCloseIdle() == true)
            {
            }
        }
    }

    private object MakePool(UpstreamPeer peer) => peer switch
    {
        _ when _http is { } http => new HttpPool(peer, http, _poolRules),
        { Protocol: UpstreamProtocol.Http2 } => new HttpPool(peer, _connector, _poolRules, Http2),
        { Protocol: UpstreamProtocol.Auto, Tls: not null } => MakeNegotiatedPool(peer),
        _ => new ConnectionPool(peer, _connector, _poolRules, _heartbeat, _shelves),
    };

    private NegotiatedPool MakeNegotiatedPool(UpstreamPeer peer)
    {
        var http1 = (ConnectionPool)GetPool(peer with { Protocol = UpstreamProtocol.Http1 });
        var http2 = (HttpPool)GetPool(peer with { Protocol = UpstreamProtocol.Http2 });
        var pool = new NegotiatedPool(peer, _connector, http1, http2, _poolRules, _heartbeat);
        http2.ConnectFailed += _ => pool.Forget();
        return pool;
    }

    private void Warm()
    {
        if (_isStarted && _poolRules.Min > 0)
        {
            foreach (var endpoint in Endpoints.Span)
            {
                GetPool(endpoint.Peer);
            }
        }
    }

    private void ClosePools(Func<UpstreamPeer, bool> which)
    {
        foreach (var (peer, pool) in _pools)
        {
            if (which(peer) && _pools.TryRemove(peer, out _))
            {
                (pool as ConnectionPool)?.Close();
                (pool as HttpPool)?.Close();
            }
        }
    }
}
