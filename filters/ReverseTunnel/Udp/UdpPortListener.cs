using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.Filters.ReverseTunnel.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>The UDP port of a service: what comes goes to an agent of it.</summary>
internal sealed class UdpPortListener : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    private UdpPortListener()
    {
    }

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

        var listener = new UdpPortListener();
        var sessions = new StreamSessions(
            claim.Owner.ToString(), socket, options, metrics, (client, cancel) => relay.OpenAsync(claim, StreamNames.Udp, client, cancel), context);
        _ = listener.RunAsync(sessions);
        return listener;
    }

    /// <summary>Closes the port and ends its sessions.</summary>
    public void Dispose() => _ = _stop.CancelAsync();

    private async Task RunAsync(StreamSessions sessions)
    {
        await Task.Yield();
        using (sessions.Socket)
        {
            await sessions.RunAsync(_stop.Token);
        }
    }
}
