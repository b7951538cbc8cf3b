using System.Net;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>The peer a probe goes to: the endpoint's own, or the same host at another port.</summary>
internal static class ProbePeer
{
    public static UpstreamPeer For(UpstreamPeer peer, ushort? port)
    {
        EndPoint? address = (peer.Endpoint.Address, port) switch
        {
            (IPEndPoint ip, { } other) => new IPEndPoint(ip.Address, other),
            (DnsEndPoint dns, { } other) => new DnsEndPoint(dns.Host, other, dns.AddressFamily),
            _ => null,
        };
        return address is null ? peer : peer with { Endpoint = new Endpoint(peer.Cluster, new DiscoveredEndpoint(peer.Endpoint.Name, address)) };
    }
}
