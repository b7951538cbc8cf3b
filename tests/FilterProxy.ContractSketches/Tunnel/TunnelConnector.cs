using Microsoft.AspNetCore.Connections;

namespace FilterProxy.ContractSketches.Tunnel;

/// <summary>Opens a byte stream to an agent by taking one of the connections it holds ready.</summary>
[Component("sketch_tunnel")]
public sealed class TunnelConnector(ComponentContext context) : IConnector
{
    private readonly AgentTable _agents = context.Shared<AgentTable>();

    public ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel) =>
        _agents.Take(peer.Endpoint.Name) is { } connection
            ? new(connection)
            : throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "no_idle_agent"));
}
