using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Udp;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>A visitor's UDP port: datagrams go to a secret service (<c>sudp</c>) of an agent, encrypted from here to there; each client has a stream of its own.</summary>
[Component("tunnel_visit")]
public sealed class TunnelVisitService : IDatagramService
{
    private readonly TunnelVisitUdpOptions _options;
    private readonly ComponentContext _context;
    private readonly VisitDialer _dialer;
    private readonly TunnelUdpMetrics _metrics;

    /// <summary>Finds the servers.</summary>
    public TunnelVisitService(TunnelVisitUdpOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        _dialer = new VisitDialer(options, TunnelServiceType.Sudp, context);
        _metrics = new TunnelUdpMetrics(context.Meter);
    }

    /// <inheritdoc/>
    public Task ServeAsync(Socket socket, CancellationToken stop) =>
        new StreamSessions(_options.Service, socket, _options.Udp, _metrics, async (_, cancel) => await _dialer.TryConnectAsync(cancel), _context).RunAsync(stop);
}
