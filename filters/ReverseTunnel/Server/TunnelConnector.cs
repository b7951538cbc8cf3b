using System.Net;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Reaches agents through their tunnels: requests as HTTP/2 streams, byte streams to a service of theirs.</summary>
[Component("reverse_tunnel")]
public sealed class TunnelConnector : IHttpConnector
{
    private readonly TunnelConnectorOptions _options;
    private readonly AgentTable _table;

    /// <summary>Finds the agents.</summary>
    public TunnelConnector(TunnelConnectorOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_options, _table) = (options, context.Shared<AgentTable>());
    }

    /// <inheritdoc/>
    public HttpMessageInvoker GetHttp(UpstreamPeer peer) => new(new AgentHandler(_table, IdOf(peer), _options));

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel)
    {
        if (_options.Service is not { } service)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, detail: "tunnel_no_service"));
        }

        var client = context.Downstream is { ClientAddress: { } address } downstream ? new IPEndPoint(address, downstream.RemotePort) : null;
        var reached = context.Downstream is { LocalAddress: { } local } connection ? new IPEndPoint(local, connection.LocalPort) : null;
        return await StreamOpener.OpenAsync(_table, IdOf(peer), StreamNames.Tcp, service, _options, client, cancel, reached);
    }

    private static AgentId IdOf(UpstreamPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.Endpoint.Address is AgentEndPoint agent ? agent.Id
            : throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, detail: "tunnel_no_agent"));
    }
}
