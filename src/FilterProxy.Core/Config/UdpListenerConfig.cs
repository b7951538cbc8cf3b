using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>Where datagrams are received, and what serves them.</summary>
internal sealed record UdpListenerConfig
{
    /// <summary>Where it listens: <c>0.0.0.0:53</c> or <c>[::]:53</c>.</summary>
    public required string Address { get; init; }

    /// <summary>What serves the datagrams, with its options: <c>udp_relay: { cluster: dns }</c>.</summary>
    [ComponentKind(typeof(IDatagramService))]
    public required ComponentConfig Service { get; init; }
}
