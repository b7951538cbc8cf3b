using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>The sessions of one listener, and where they go.</summary>
internal sealed class RelaySessions
{
    private readonly UdpRelayOptions _options;
    private readonly EndpointChoice _endpoints;
    private readonly EndpointNames _names = new();

    public RelaySessions(UdpRelayOptions options, Socket listener, Cluster cluster, UdpMetrics metrics, TimeProvider time)
    {
        (_options, Listener, Metrics, _endpoints) = (options, listener, metrics, new EndpointChoice(cluster, time));
        Table = new SessionTable<UdpSession>(
            listener.AddressFamily, new SessionLimits(options.IdleTimeout, options.MaxSessions, options.MaxSessionsPerClient, options.ClientRate), time, Open);
    }

    public SessionTable<UdpSession> Table { get; }

    /// <summary>Where answers are sent from.</summary>
    public Socket Listener { get; }

    public UdpMetrics Metrics { get; }

    public int Responses => _options.Responses;

    /// <summary>A session is over.</summary>
    public void Remove(UdpSession session, string reason)
    {
        Table.Remove(session);
        Metrics.Ended(reason);
    }

    /// <summary>New sessions go elsewhere for a while.</summary>
    public void Avoid(Endpoint endpoint) => _endpoints.Avoid(endpoint);

    private UdpSession? Open(SocketAddress client, IPAddress address, out string refusal)
    {
        refusal = "no_endpoint";
        if (_endpoints.Choose(address) is not { } endpoint)
        {
            return null;
        }

        if (_names.Find(endpoint.Address, Table.Now) is not { } target)
        {
            // The client asks again, as it must with UDP; nobody else waits for the name.
            refusal = "resolving";
            return null;
        }

        try
        {
            return new UdpSession(this, client, address, endpoint, target, _options.SocketBuffer);
        }
        catch (SocketException e)
        {
            endpoint.Observe(new Outcome(0, ProxyErrorKind.ConnectFailed, TimeSpan.Zero));
            refusal = e.SocketErrorCode == SocketError.TooManyOpenSockets ? "too_many_open_files" : "connect_failed";
            return null;
        }
    }
}
