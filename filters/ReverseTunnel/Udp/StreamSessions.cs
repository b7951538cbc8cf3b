using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>The sessions of a UDP port whose datagrams go into streams.</summary>
internal sealed class StreamSessions
{
    private readonly Func<IPEndPoint, CancellationToken, ValueTask<ConnectionContext?>> _open;
    private readonly ComponentContext _context;
    private readonly Func<IPAddress, ISessionTraffic>? _enter;
    private readonly Occasion _drops;
    private readonly string _place;

    /// <param name="place">What the port is, for the log.</param>
    /// <param name="socket">The port.</param>
    /// <param name="options">What sessions are kept to.</param>
    /// <param name="metrics">Counts them.</param>
    /// <param name="open">Opens a client's stream; null where there is none to be had, which it has said.</param>
    /// <param name="context">The component's.</param>
    /// <param name="enter">Told of a client's datagrams; null for nobody.</param>
    public StreamSessions(
        string place,
        Socket socket,
        TunnelUdpOptions options,
        TunnelUdpMetrics metrics,
        Func<IPEndPoint, CancellationToken, ValueTask<ConnectionContext?>> open,
        ComponentContext context,
        Func<IPAddress, ISessionTraffic>? enter = null)
    {
        (_place, Socket, Metrics, _open, _context, _enter, Room) = (place, socket, metrics, open, context, enter, (int)options.Queue.Bytes);
        _drops = new Occasion(context.Time);
        Table = new SessionTable<StreamSession>(
            socket.AddressFamily, new SessionLimits(options.IdleTimeout, options.MaxSessions, options.MaxSessionsPerClient, options.ClientRate), context.Time, Begin);
    }

    public SessionTable<StreamSession> Table { get; }

    public Socket Socket { get; }

    public TunnelUdpMetrics Metrics { get; }

    /// <summary>Bytes that may wait for a session's stream.</summary>
    public int Room { get; }

    /// <summary>Serves the port until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => new DatagramServer<StreamSession>(Socket, Table, DatagramQueue.Longest, Drop).RunAsync(_context.Time, stop);

    public ValueTask<ConnectionContext?> OpenAsync(IPEndPoint client, CancellationToken cancel) => _open(client, cancel);

    /// <summary>A session is over.</summary>
    public void Remove(StreamSession session, string reason)
    {
        Table.Remove(session);
        Metrics.Ended(reason);
    }

    private StreamSession Begin(SocketAddress client, IPAddress address, out string refusal)
    {
        refusal = "";
        return new StreamSession(this, client, address, _enter?.Invoke(address));
    }

    private void Drop(SocketAddress? client, string reason)
    {
        Metrics.Dropped(reason);
        if (client is not null && _drops.TryTake(out var skipped))
        {
            var any = client.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
            Log.Dropped(_context.Logger, _place, new IPEndPoint(any, 0).Create(client).ToString() ?? "", reason, skipped);
        }
    }
}
