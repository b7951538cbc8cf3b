using System.Net;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Egress;

/// <summary>Says which endpoints an agent may connect to. Without a list those are all that its configuration names.</summary>
internal sealed class EgressRules(TunnelEgressOptions options)
{
    // Clusters may stand in for each other in a circle.
    private const int MostStandIns = 4;

    /// <summary>Connects to an endpoint of a cluster that may be connected to.</summary>
    /// <exception cref="UpstreamException">There is none, or it cannot be reached.</exception>
    public ValueTask<ConnectionContext> ConnectAsync(Cluster cluster, ConnectionContext downstream, CancellationToken cancel)
    {
        var denied = DeniedOf(cluster, out var isNone);
        return isNone
            ? ValueTask.FromException<ConnectionContext>(new UpstreamException(ProxyError.Upstream(ProxyErrorKind.NoEndpoint, detail: "tunnel_egress_denied")))
            : cluster.ConnectAsync(new PickContext(Connection: downstream, Tried: denied), cancel);
    }

    /// <summary>The endpoints of a cluster, and of those that stand in for it, that may not be connected to; null where all may.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="isNone">Whether none may.</param>
    public List<Endpoint>? DeniedOf(Cluster cluster, out bool isNone)
    {
        isNone = false;
        if (options.Allow.Count == 0)
        {
            return null;
        }

        List<Endpoint>? denied = null;
        var allowed = 0;
        var next = cluster;
        for (var handedOn = 0; next is not null && handedOn <= MostStandIns; handedOn++)
        {
            foreach (var endpoint in next.Endpoints.Span)
            {
                if (Allows(endpoint.Address))
                {
                    allowed++;
                }
                else
                {
                    (denied ??= []).Add(endpoint);
                }
            }

            next = next.StandIn;
        }

        isNone = denied is not null && allowed == 0;
        return denied;
    }

    /// <summary>Whether an address may be connected to. A unix socket is on this machine, and nothing but the configuration names one.</summary>
    public bool Allows(EndPoint address) => options.Allow.Count == 0 || address switch
    {
        IPEndPoint ip => options.Allow.Any(target => HasPort(target, ip.Port) && target.Networks.Any(network => network.Contains(Narrow(ip.Address)))),
        DnsEndPoint name => options.Allow.Any(target => HasPort(target, name.Port) && target.Hosts.Any(host => Covers(host, name.Host))),
        _ => true,
    };

    private static bool HasPort(TunnelEgressTargetOptions target, int port) => target.Ports.Any(range => range.Contains(port));

    private static bool Covers(string rule, string host) => rule.StartsWith("*.", StringComparison.Ordinal)
        ? host.Length > rule.Length - 1 && host.EndsWith(rule[1..], StringComparison.OrdinalIgnoreCase)
        : rule.Equals(host, StringComparison.OrdinalIgnoreCase);

    private static IPAddress Narrow(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
