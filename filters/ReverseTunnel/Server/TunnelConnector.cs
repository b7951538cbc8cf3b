using System.Net;
using FilterProxy.Filters.ReverseTunnel.Streams;
using FilterProxy.Filters.ReverseTunnel.Work;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Reaches agents: requests as HTTP/2 streams of their tunnels, or as HTTP/1 over work connections, byte streams to a service of theirs.</summary>
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
    public bool TakesRequests => _options is not { Transport: TunnelTransport.Work, Service: null };

    /// <inheritdoc/>
    public HttpMessageInvoker GetHttp(UpstreamPeer peer) => new(new AgentHandler(_table, IdOf(peer), _options));

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel)
    {
        if (_options.Service is not { } service)
        {
            return TakesRequests || peer is not { Protocol: UpstreamProtocol.Http1 } ? throw Failed("tunnel_no_service")
                : await StreamOpener.OpenRequestsAsync(_table, IdOf(peer), _options, cancel);
        }

        var client = context.Downstream is { ClientAddress: { } address } downstream ? new IPEndPoint(address, downstream.RemotePort) : null;
        var reached = context.Downstream is { LocalAddress: { } local } connection ? new IPEndPoint(local, connection.LocalPort) : null;
        return await StreamOpener.OpenAsync(_table, IdOf(peer), StreamNames.Tcp, service, _options, client, cancel, reached);
    }

    private static AgentId IdOf(UpstreamPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.Endpoint.Address is AgentEndPoint agent ? agent.Id : throw Failed("tunnel_no_agent");
    }

    private static UpstreamException Failed(string detail) => new(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, detail: detail));
}
