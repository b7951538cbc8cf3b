using System.Collections.Concurrent;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Clusters;

/// <summary>A cluster as it runs: endpoints, their picker, and a pool per peer.</summary>
internal sealed class ProxyCluster : Cluster
{
    private readonly ConcurrentDictionary<UpstreamPeer, object> _pools = new();
    private readonly ConcurrentDictionary<Endpoint, bool> _leaving = new();
    private readonly ILoadBalancer _balancer;
    private readonly IConnector _connector;
    private readonly PeerSettings _peerSettings;
    private readonly PoolRules _poolRules;
    private readonly Heartbeat _heartbeat;
    private readonly int _shelves;
    private readonly Lock _changing = new();
    private IReadOnlyList<DiscoveredEndpoint> _discovered = [];
    private object? _controlled;
    private volatile bool _isStarted;
    private volatile State _state = new(EndpointSet.Empty, EndpointSet.Empty, null);

    public ProxyCluster(
        string name, ILoadBalancer balancer, IConnector connector, ClusterTimeouts timeouts, PoolRules poolRules, PeerSettings peerSettings,
        Heartbeat heartbeat, int shelves)
        : base(name)
    {
        _balancer = balancer;
        _connector = connector;
        _peerSettings = peerSettings;
        _poolRules = poolRules;
        _heartbeat = heartbeat;
        _shelves = shelves;
        Timeouts = timeouts;
    }

    public ClusterTimeouts Timeouts { get; }

    /// <summary>How connections are kept where HTTP/2 is spoken.</summary>
    public Http2Rules Http2 { get; init; } = Http2Rules.Default;

    /// <summary>What operators said about endpoints.</summary>
    public EndpointControls Controls { get; init; } = new();

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

    /// <summary>Those that take requests.</summary>
    public override EndpointSet Endpoints => _state.Endpoints;

    /// <summary>All there are, those that operators keep requests from among them.</summary>
    public EndpointSet Known => _state.Known;

    /// <summary>Replaces the endpoints. Those that stay keep their connections, counters and health.</summary>
    public void SetEndpoints(IReadOnlyList<DiscoveredEndpoint> discovered)
    {
        lock (_changing)
        {
            _discovered = discovered;
            Change();
        }
    }

    /// <summary>Takes what operators said about the endpoints since.</summary>
    public void Refresh()
    {
        lock (_changing)
        {
            if (_controlled != Controls.Version)
            {
                Change();
            }
        }
    }

    private void Change()
    {
        var discovered = _discovered;
        var old = _state;
        var kept = new Dictionary<(string, System.Net.EndPoint), Endpoint>();
        foreach (var endpoint in old.Known.Span)
        {
            kept[(endpoint.Name, endpoint.Address)] = endpoint;
        }

        var endpoints = new Endpoint[discovered.Count];
        for (var i = 0; i < endpoints.Length; i++)
        {
            var source = discovered[i];
            if (kept.Remove((source.Name, source.Address), out var endpoint))
            {
                endpoint.Weight = source.Weight;
                endpoint.Priority = source.Priority;
                endpoint.Labels = source.Labels;
            }
            else
            {
                endpoint = new Endpoint(this, source) { Metrics = Metrics?.Of(Name, source.Name) };
                endpoint.Peer = _peerSettings.Apply(endpoint.Peer);
            }

            endpoints[i] = endpoint;
        }

        _controlled = Controls.Version;
        var known = new EndpointSet(endpoints);
        var set = Controls.Apply(Name, known);
        _state = new State(known, set, _balancer.Build(set, old.Picker));
        foreach (var gone in kept.Values)
        {
            ClosePools(peer => ReferenceEquals(peer.Endpoint, gone));
            _leaving.TryAdd(gone, true);
        }

        Warm();
    }

    /// <summary>The cluster is in force: connections that are to be open ahead of use are opened, now and for later endpoints.</summary>
    public void Start()
    {
        _isStarted = true;
        Refresh();
        Warm();
    }

    public override UpstreamPeer? Pick(in PickContext context) => _state.Picker?.Pick(context)?.Peer;

    /// <summary>
    /// What keeps a peer's connections: a <see cref="ConnectionPool"/> for HTTP/1, an <see cref="HttpPool"/> for a peer that takes whole
    /// requests, a <see cref="NegotiatedPool"/> where the peer chooses.
    /// </summary>
    public object GetPool(UpstreamPeer peer) =>
        peer.Pool ??= _pools.GetOrAdd(peer, static (p, cluster) => cluster.MakePool(p), this);

    public override async ValueTask<ConnectionContext> ConnectAsync(PickContext context, CancellationToken cancel)
    {
        var tried = new List<Endpoint>();
        UpstreamException? last = null;
        var downstream = context.Exchange?.Downstream ?? (context.Connection is { } c ? DownstreamAddresses.Describe(c) : null);
        while (Pick(context with { Tried = tried }) is { } peer)
        {
            tried.Add(peer.Endpoint);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timeout.CancelAfter(_poolRules.ConnectTimeout > TimeSpan.Zero ? _poolRules.ConnectTimeout : Timeout.InfiniteTimeSpan);
            try
            {
                return await _connector.ConnectAsync(ForBytes(peer), new ConnectContext(downstream), timeout.Token);
            }
            catch (UpstreamException e)
            {
                last = e;
                cancel.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                last = new UpstreamException(ConnectionPool.ErrorOf(e));
            }
        }

        throw last ?? new UpstreamException(ProxyError.Upstream(ProxyErrorKind.NoEndpoint));
    }

    public override async Task RelayAsync(ConnectionContext downstream, PickContext context, CancellationToken stop)
    {
        await using var upstream = await ConnectAsync(context with { Connection = downstream }, stop);
        void Abort()
        {
            upstream.Abort();
            downstream.Abort();
        }

        await using var registration = stop.Register(Abort);
        await Relay.RunAsync(downstream.Transport, upstream.Transport, static () => { }, Abort);
    }

    /// <summary>Closes all pools: the cluster is no longer in any snapshot in use.</summary>
    public void Close() => ClosePools(static _ => true);

    // Who asks for a byte stream speaks what it likes on it, and that is hardly HTTP/2.
    private static UpstreamPeer ForBytes(UpstreamPeer peer) =>
        peer.Protocol == UpstreamProtocol.Http1 ? peer : peer with { Protocol = UpstreamProtocol.Http1 };

    private object MakePool(UpstreamPeer peer) => peer switch
    {
        _ when _connector is IHttpConnector http => new HttpPool(peer, http, _poolRules),
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

    private sealed record State(EndpointSet Known, EndpointSet Endpoints, IEndpointPicker? Picker);
}
