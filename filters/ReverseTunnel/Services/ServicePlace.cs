using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Where a service is reached: under a host name, of which a path may be left to others, at a port, or by visitors, who know it by a name.</summary>
internal readonly record struct ServicePlace(TunnelServiceType Type, string Host, string Path, int Port);
