using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>
/// Relays datagrams to a cluster and its answers back. Each client (address and port) has a session: one endpoint, for as long as either
/// side sends.
/// </summary>
[Component("udp_relay")]
public sealed class UdpRelayService : IDatagramService
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(250);
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
        var table = new SessionTable(_options, _cluster, _metrics, _context.Time);
        if (_options.SocketBuffer is { } size)
        {
            socket.SendBufferSize = socket.ReceiveBufferSize = (int)size.Bytes;
        }

        // A full buffer costs a datagram, and nobody's time.
        socket.Blocking = false;
        using var sweep = _context.Time.CreateTimer(static table => ((SessionTable)table!).Sweep(), table, SweepInterval, SweepInterval);
        try
        {
            await ReceiveAsync(socket, table, stop);
        }
        finally
        {
            table.Clear();
        }
    }

    private async Task ReceiveAsync(Socket socket, SessionTable table, CancellationToken stop)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(ushort.MaxValue);
        var client = new SocketAddress(socket.AddressFamily);
        while (!stop.IsCancellationRequested)
        {
            int length;
            try
            {
                length = await socket.ReceiveFromAsync(buffer, SocketFlags.None, client, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is not (SocketError.OperationAborted or SocketError.NotSocket))
            {
                // Of an answer that did not reach its client, for one: it is no fault of whoever comes next.
                _metrics.Dropped("receive_failed");
                continue;
            }

            if (length > _options.MaxDatagram.Bytes)
            {
                Drop(client, "too_large");
            }
            else if (table.Find(socket, client, out var refusal) is { } session)
            {
                session.Send(buffer.AsSpan(0, length));
            }
            else
            {
                Drop(client, refusal);
            }
        }
    }

    private void Drop(SocketAddress client, string reason)
    {
        _metrics.Dropped(reason);
        if (_drops.TryTake(out var skipped))
        {
            var blank = new IPEndPoint(client.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            Log.Dropped(_context.Logger, blank.Create(client).ToString() ?? "", reason, skipped);
        }
    }
}
