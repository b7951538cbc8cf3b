using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>
/// Relays datagrams to a cluster and its answers back. Each client (address and port) has a session: one endpoint, for as long as either
/// side sends.
/// </summary>
[Component("udp_relay")]
public sealed class UdpRelayService : IDatagramService
{
    private readonly UdpRelayOptions _options;
    private readonly ComponentContext _context;
    private readonly Cluster _cluster;
    private readonly UdpMetrics _metrics;
    private readonly Occasion _drops;

    /// <summary>Finds the cluster.</summary>
    public UdpRelayService(UdpRelayOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        _cluster = context.GetCluster(options.Cluster);
        _metrics = new UdpMetrics(context.Meter);
        _drops = new Occasion(context.Time);
    }

    /// <inheritdoc/>
    public async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (_options.SocketBuffer is { } size)
        {
            socket.SendBufferSize = socket.ReceiveBufferSize = (int)size.Bytes;
        }

        var sessions = new RelaySessions(_options, socket, _cluster, _metrics, _context.Time);
        await new DatagramServer<UdpSession>(socket, sessions.Table, _options.MaxDatagram.Bytes, Drop).RunAsync(_context.Time, stop);
    }

    private void Drop(SocketAddress? client, string reason)
    {
        _metrics.Dropped(reason);
        if (client is not null && _drops.TryTake(out var skipped))
        {
            var blank = new IPEndPoint(client.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            Log.Dropped(_context.Logger, blank.Create(client).ToString() ?? "", reason, skipped);
        }
    }
}
