using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>The address of an agent: no place on a network, but whoever is connected under this name.</summary>
internal sealed class AgentEndPoint(AgentId id) : EndPoint
{
    public AgentId Id => id;

    public override AddressFamily AddressFamily => AddressFamily.Unspecified;

    public override bool Equals(object? obj) => obj is AgentEndPoint other && other.Id == id;

    public override int GetHashCode() => id.GetHashCode();

    public override string ToString() => $"agent:{id}";
}
