using FilterProxy.Core.Clusters.Affinity;
using FilterProxy.Core.Clusters.Eligibility;
using FilterProxy.Core.Clusters.Health;

namespace FilterProxy.Core.Clusters;

/// <summary>The endpoints of a cluster, and which of them take traffic.</summary>
internal sealed partial class ProxyCluster
{
    private volatile State _state = new(EndpointSet.Empty, EndpointSet.Empty, EligibleSet.Empty, null);
    private int _refreshes;
    private IOutcomeObserver[] _observers = [];
    private Dictionary<(string, System.Net.EndPoint), EndpointHealth> _inherited = [];

    /// <summary>Those that operators do not keep new clients from.</summary>
    public override EndpointSet Endpoints => _state.Endpoints;

    /// <summary>All there are.</summary>
    public EndpointSet Known => _state.Known;

    /// <summary>The endpoints that take traffic now.</summary>
    public EligibleSet Eligible => _state.Eligible;

    /// <summary>Takes over what the cluster of the same name in the last configuration knew about endpoints of the same name and address.</summary>
    public void Inherit(ProxyCluster former) =>
        _inherited = former.Known.Span.ToArray().ToDictionary(endpoint => (endpoint.Name, endpoint.Address), ClusterHealth.Of);

    /// <summary>Replaces the endpoints. Those that stay keep their connections, counters and health.</summary>
    public void SetEndpoints(IReadOnlyList<DiscoveredEndpoint> discovered)
    {
        lock (_changing)
        {
            _discovered = discovered;
            var kept = new Dictionary<(string, System.Net.EndPoint), Endpoint>();
            foreach (var endpoint in Known.Span)
            {
                kept[(endpoint.Name, endpoint.Address)] = endpoint;
            }

            var isFirst = Known.Count == 0;
            var endpoints = new Endpoint[discovered.Count];
            for (var i = 0; i < endpoints.Length; i++)
            {
                var source = discovered[i];
                if (kept.Remove((source.Name, source.Address), out var endpoint))
                {
                    endpoint.Priority = source.Priority;
                    endpoint.Labels = source.Labels;
                }
                else
                {
                    endpoint = MakeEndpoint(source, isFirst);
                }

                endpoints[i] = endpoint;
            }

            _inherited = endpoints.Length > 0 ? [] : _inherited;
            Build(new EndpointSet(endpoints));
            if (kept.Count > 0)
            {
                var gone = kept.Values.ToHashSet();
                ClosePools(peer => gone.Contains(peer.Endpoint));
                foreach (var endpoint in gone)
                {
                    _leaving.TryAdd(endpoint, true);
                }
            }
        }

        Warm();
    }

    /// <summary>
    /// The health or the share of an endpoint has changed: soon, on another thread, it is worked out again which take traffic. Changes that
    /// come together are worked out together.
    /// </summary>
    public void Refresh()
    {
        if (Interlocked.Increment(ref _refreshes) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Takes what operators said about the endpoints since.</summary>
    public void TakeControls()
    {
        lock (_changing)
        {
            if (_controlled == Controls.Version)
            {
                return;
            }

            Build(Known);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _refreshes);
            lock (_changing)
            {
                Build(Known);
            }
        }
        while (Interlocked.CompareExchange(ref _refreshes, 0, seen) != seen);
    }

    public override UpstreamPeer? Pick(in PickContext context) => _state.Eligible.Pick(context)?.Peer;

    /// <summary>Picks an endpoint and counts a request on it; <see cref="Endpoint.End"/> follows.</summary>
    /// <param name="context">What the choice depends on.</param>
    /// <param name="isFull">Whether there are endpoints, but none has room.</param>
    public Endpoint? Take(in PickContext context, out bool isFull)
    {
        isFull = false;
        if (_state.Affinity is { } affinity && context.Exchange is { } exchange)
        {
            var own = affinity.Find(exchange, out var isBound);
            if (own is { IsHealthy: true, IsInMaintenance: false } && !context.WasTried(own) && TryBegin(own))
            {
                return own;
            }

            if (isBound && own is not null && affinity.Gone == AffinityGone.Refuse)
            {
                return null;
            }
        }

        var endpoint = _state.Eligible.Pick(context);
        return endpoint is null || TryBegin(endpoint) ? endpoint : TakeWithRoom(context, out isFull);
    }

    /// <summary>Tells the client of a response which endpoint it belongs to.</summary>
    public void Stamp(HttpExchange exchange) => _state.Affinity?.Stamp(exchange, exchange.Peer!.Endpoint);

    private bool TryBegin(Endpoint endpoint)
    {
        if (Guard.EndpointRequests > 0)
        {
            return endpoint.TryBegin(Guard.EndpointRequests);
        }

        endpoint.Begin();
        return true;
    }

    private Endpoint? TakeWithRoom(in PickContext context, out bool isFull)
    {
        isFull = false;
        foreach (var level in _state.Eligible.GroupFor(context)?.Levels ?? [])
        {
            if (level.Picker.IsBinding)
            {
                continue;
            }

            foreach (var endpoint in level.Set.Span)
            {
                if (!context.WasTried(endpoint) && endpoint.TryBegin(Guard.EndpointRequests))
                {
                    return endpoint;
                }
            }
        }

        isFull = true;
        return null;
    }

    private Endpoint MakeEndpoint(DiscoveredEndpoint source, bool isFirst)
    {
        var endpoint = new Endpoint(this, source) { Metrics = Metrics?.Of(Name, source.Name) };
        endpoint.Peer = _peerSettings.Apply(endpoint.Peer);

        // Where all begin at once there is nobody to spare them.
        var state = EndpointState.Of(endpoint);
        state.ServingSince = isFirst ? 0 : _heartbeat.Now;
        if (_inherited.TryGetValue((source.Name, source.Address), out var health))
        {
            state.Health = health;
            if (Monitor is null)
            {
                health.ForgetChecks();
            }

            if (Outliers is null)
            {
                health.Readmit();
            }

            state.FoundHealthy = endpoint.IsHealthy = health.IsHealthy;
        }

        endpoint.Observer = _observers.Length > 0 ? Observe : null;
        return endpoint;
    }

    private void Observe(Endpoint endpoint, Outcome outcome)
    {
        foreach (var observer in _observers)
        {
            observer.Observe(endpoint, outcome);
        }
    }

    private void Build(EndpointSet known)
    {
        _controlled = Controls.Version;
        var endpoints = Controls.Apply(Name, known, _discovered, _heartbeat.Now);
        var eligible = new EligibilityBuilder(Eligibility, _balancer).Build(endpoints, _state.Eligible, _heartbeat.Now);

        // Who carries the name of a drained one goes on with it; of who comes by hash nobody knows whether it was there before.
        var (belong, before) = Affinity?.Hash is null ? (known, _state.Known) : (endpoints, _state.Endpoints);
        var affinity = Affinity is null ? null
            : ReferenceEquals(belong, before) ? _state.Affinity
            : new AffinityTable(Name, belong, Affinity);
        _state = new State(known, endpoints, eligible, affinity);
        CloseIdleInMaintenance();
    }

    private sealed record State(EndpointSet Known, EndpointSet Endpoints, EligibleSet Eligible, AffinityTable? Affinity);
}
