using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>The agents that are connected, at whatever listener. Keeps their nodes apart, and their clusters from nodes, each tenant for itself.</summary>
internal sealed class TunnelSessions
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1), Later = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Tenant, string Node), TunnelSession> _nodes = [];
    private readonly Dictionary<(string Tenant, string Cluster), int> _clusters = [];
    private readonly Dictionary<string, TunnelSession> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<TunnelIdentity, TunnelSession> _visitors = [];

    /// <summary>Agents that are connected.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _nodes.Count;
            }
        }
    }

    /// <summary>Why an agent may have no more connections; null where it may.</summary>
    public HandshakeRefusal? CheckCaps(TunnelHello hello, AccessRule rule)
    {
        lock (_lock)
        {
            return _nodes.TryGetValue(NodeOf(hello), out var session) ? CheckCaps(session, hello, rule) : null;
        }
    }

    /// <summary>Takes a connection in, or says why not.</summary>
    /// <param name="hello">What its agent said.</param>
    /// <param name="rule">What it may.</param>
    /// <param name="options">What becomes of two of one node, and how many agents there may be.</param>
    /// <param name="create">Makes the admission for the session of an id.</param>
    /// <param name="replaced">Connections of the agent whose place it took; the caller revokes them.</param>
    public (TunnelAdmission? Admission, HandshakeRefusal? Refusal) Join(
        TunnelHello hello, AccessRule rule, TunnelHandshakeOptions options, Func<TunnelSession, TunnelAdmission> create, out IReadOnlyList<TunnelAdmission> replaced)
    {
        replaced = [];
        lock (_lock)
        {
            var live = _nodes.GetValueOrDefault(NodeOf(hello));
            var joins = live is not null && Belongs(live, hello);
            if ((joins ? CheckCaps(live!, hello, rule) : CheckNew(live, hello, options)) is { } refusal)
            {
                return (null, refusal);
            }

            if (!joins && live is not null)
            {
                replaced = [.. live.Connections];
                Forget(live);
            }

            var session = joins ? live! : Add(hello);
            var admission = create(session);
            session.Connections.Add(admission);
            return (admission, null);
        }
    }

    /// <summary>Takes a visitor's connection in, or says why not. Visitors take nobody's node: who has a credential may be both.</summary>
    public (TunnelAdmission? Admission, HandshakeRefusal? Refusal) JoinVisit(TunnelHello hello, AccessRule rule, Func<TunnelSession, TunnelAdmission> create)
    {
        lock (_lock)
        {
            var session = _visitors.GetValueOrDefault(hello.Identity) ?? new TunnelSession(SessionId.Create(), hello);
            if (session.Connections.Count >= rule.MaxVisits)
            {
                return (null, Refuse(429, "tunnel_over_limit", $"it has {rule.MaxVisits} visits already, the most it may") with { RetryAfter = Later });
            }

            var admission = create(session);
            session.Connections.Add(admission);
            _visitors[hello.Identity] = session;
            return (admission, null);
        }
    }

    /// <summary>Takes a connection out; its session goes with the last.</summary>
    public void Leave(TunnelAdmission admission)
    {
        lock (_lock)
        {
            var session = admission.Session;
            session.Connections.Remove(admission);
            if (session.Connections.Count > 0)
            {
                return;
            }

            if (ReferenceEquals(_ids.GetValueOrDefault(session.Id), session))
            {
                Forget(session);
            }
            else if (ReferenceEquals(_visitors.GetValueOrDefault(session.Identity), session))
            {
                _visitors.Remove(session.Identity);
            }
        }
    }

    private static (string Tenant, string Node) NodeOf(TunnelHello hello) => (hello.Identity.Tenant, hello.Identity.Node);

    // A session is an agent's for as long as it is the same one: of the same cluster, and naming it, where its program knows of sessions.
    private static bool Belongs(TunnelSession live, TunnelHello hello) =>
        live.Identity == hello.Identity && live.IsNamed == hello.Version > 0 && (!live.IsNamed || live.Id == hello.SessionId);

    private static HandshakeRefusal? CheckCaps(TunnelSession session, TunnelHello hello, AccessRule rule)
    {
        var most = hello.Kind == TunnelKind.Work ? rule.MaxWorkConnections : rule.MaxConnections;
        return session.Count(hello.Kind) < most ? null
            : Refuse(429, "tunnel_over_limit", $"it has {most} connections already, the most it may") with { RetryAfter = Later };
    }

    private HandshakeRefusal? CheckNew(TunnelSession? live, TunnelHello hello, TunnelHandshakeOptions options)
    {
        var (identity, tenant) = (hello.Identity, hello.Identity.Tenant);
        if (hello.Kind == TunnelKind.Work)
        {
            return Refuse(409, "tunnel_no_session", "its session is not there: a connection that carries streams comes first") with { RetryAfter = Soon };
        }

        if (hello.SessionId is { } id && _ids.TryGetValue(id, out var other) && !ReferenceEquals(other, live))
        {
            return Refuse(409, "tunnel_no_session", "its session is another agent's");
        }

        if (live is not null && options.Collision == CollisionRule.Refuse)
        {
            return Refuse(409, "tunnel_node_taken", $"its node is connected already, as {live.Identity}") with { RetryAfter = Soon };
        }

        if (_clusters.ContainsKey((tenant, identity.Node)) || _nodes.ContainsKey((tenant, identity.Cluster)))
        {
            return Refuse(409, "tunnel_id_ambiguous", "its node is a cluster's id, or its cluster a node's: what asks for one could mean the other");
        }

        return live is null && _nodes.Count >= options.MaxAgents ? Refuse(503, "tunnel_full", $"there are {options.MaxAgents} agents already") with { RetryAfter = Later } : null;
    }

    private TunnelSession Add(TunnelHello hello)
    {
        var session = new TunnelSession(hello.SessionId ?? SessionId.Create(), hello);
        _nodes[NodeOf(hello)] = session;
        _ids[session.Id] = session;
        var cluster = (hello.Identity.Tenant, hello.Identity.Cluster);
        _clusters[cluster] = _clusters.GetValueOrDefault(cluster) + 1;
        return session;
    }

    private void Forget(TunnelSession session)
    {
        var cluster = (session.Identity.Tenant, session.Identity.Cluster);
        _nodes.Remove((session.Identity.Tenant, session.Identity.Node));
        _ids.Remove(session.Id);
        if (--_clusters[cluster] == 0)
        {
            _clusters.Remove(cluster);
        }
    }
}
