using System.Diagnostics.CodeAnalysis;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>What a visitor wants to reach: a secret service of its tenant's. As a header field has it: <c>apps/ssh;type=stcp</c>.</summary>
/// <param name="Cluster">The cluster of the agents that have it.</param>
/// <param name="Service">Its name.</param>
/// <param name="Type">How it is reached.</param>
internal sealed record TunnelVisit(string Cluster, string Service, TunnelServiceType Type)
{
    /// <summary>Reads what stands in a header field; false where that is none.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out TunnelVisit? visit)
    {
        visit = text.Split(";type=") is [var place, var name] && Names.TryType(name, out var type) && IsSecret(type.Value) ? Of(place, type.Value) : null;
        return visit is not null;
    }

    /// <summary>Reads <c>apps/ssh</c>; null where that is no service's place.</summary>
    public static TunnelVisit? Of(string place, TunnelServiceType type) =>
        place.Split('/') is [var cluster, var service] && TunnelIdentity.IsPart(cluster) && TunnelIdentity.IsPart(service) ? new TunnelVisit(cluster, service, type) : null;

    /// <summary>Whether services of a type are reached by visitors alone.</summary>
    public static bool IsSecret(TunnelServiceType type) => type is TunnelServiceType.Stcp or TunnelServiceType.Sudp or TunnelServiceType.Xtcp;

    public override string ToString() => $"{Cluster}/{Service};type={Names.Of(Type)}";
}
