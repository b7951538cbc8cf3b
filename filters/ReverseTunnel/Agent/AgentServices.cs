using FilterProxy.Filters.Datagrams;
using FilterProxy.Filters.ReverseTunnel.Egress;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Udp;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>What streams through a tunnel may go to, besides requests.</summary>
internal sealed class AgentServices
{
    private readonly Dictionary<string, Cluster> _clusters;
    private readonly Dictionary<string, EndpointChoice> _udp;

    /// <param name="options">The agent's.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="context">The component's.</param>
    public AgentServices(TunnelSourceOptions options, TunnelIdentity identity, ComponentContext context)
    {
        Context = context;
        Egress = new EgressRules(options.Egress);
        Relay = new RelayOptions { IdleTimeout = options.TcpIdleTimeout };
        UdpMetrics = new TunnelUdpMetrics(context.Meter);
        var bytes = options.Services.Where(service => service.Type is TunnelServiceType.Tcp or TunnelServiceType.Https);
        _clusters = options.Tcp.Concat(bytes.Select(service => KeyValuePair.Create(service.Name, service.Cluster!))).ToDictionary(pair => pair.Key, pair => context.GetCluster(pair.Value));
        _udp = options.Services.Where(service => service.Type == TunnelServiceType.Udp)
            .ToDictionary(service => service.Name, service => new EndpointChoice(context.GetCluster(service.Cluster!), context.Time, Egress.Allows));
        Secrets = new AgentSecrets(options, identity, Relay, Egress, UdpMetrics, context);
    }

    public ComponentContext Context { get; }

    /// <summary>Which endpoints may be connected to.</summary>
    public EgressRules Egress { get; }

    /// <summary>What byte streams are kept to.</summary>
    public RelayOptions Relay { get; }

    public TunnelUdpMetrics UdpMetrics { get; }

    /// <summary>Those that only visitors with their keys reach.</summary>
    public AgentSecrets Secrets { get; }

    /// <summary>What can be carried because of them.</summary>
    public TunnelCapabilities Capabilities =>
        (_clusters.Count == 0 ? TunnelCapabilities.None : TunnelCapabilities.Tcp) | (_udp.Count == 0 ? TunnelCapabilities.None : TunnelCapabilities.Udp) | Secrets.Capabilities;

    /// <summary>A service's cluster; null where there is no such service.</summary>
    public Cluster? Find(string name) => _clusters.GetValueOrDefault(name);

    /// <summary>Where datagrams of a service go; null where there is no such service.</summary>
    public EndpointChoice? FindUdp(string name) => _udp.GetValueOrDefault(name);

    /// <summary>Connects to a service.</summary>
    /// <param name="name">As servers know it.</param>
    /// <param name="downstream">The stream, with the client's address.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>The service; otherwise the status and the reason why not.</returns>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async ValueTask<(ConnectionContext? Service, int Status, string Reason)> ConnectAsync(string name, ConnectionContext downstream, CancellationToken cancel)
    {
        if (Find(name) is not { } cluster)
        {
            return (null, 404, "tunnel_unknown_service");
        }

        try
        {
            return (await Egress.ConnectAsync(cluster, downstream, cancel), 200, "");
        }
        catch (UpstreamException e)
        {
            return (null, e.Error.Kind is ProxyErrorKind.Overloaded or ProxyErrorKind.NoEndpoint ? 503 : 502, e.Error.Detail ?? "connect_failed");
        }
    }
}
