using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.Filters.ReverseTunnel.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>The UDP port of a service: what comes goes to an agent of it.</summary>
internal sealed class UdpPortListener : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _socket;

    private UdpPortListener(Socket socket) => _socket = socket;

    /// <summary>Begins to serve; null where the port cannot be had.</summary>
    public static UdpPortListener? TryOpen(
        IPAddress address, int port, ServiceClaim claim, ServiceRelay relay, TunnelUdpOptions options, TunnelUdpMetrics metrics, ComponentContext context)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        var listener = new UdpPortListener(socket);
        var sessions = new StreamSessions(
            claim.Owner.ToString(), socket, options, metrics, (client, cancel) => relay.OpenAsync(claim, StreamNames.Udp, client, cancel), context, client => relay.Enter(claim, client));
        _ = Task.Run(() => sessions.RunAsync(listener._stop.Token));
        return listener;
    }

    /// <summary>Closes the port, which others may have from then on, and ends its sessions.</summary>
    public void Dispose()
    {
        _ = _stop.CancelAsync();
        _socket.Dispose();
    }
}
