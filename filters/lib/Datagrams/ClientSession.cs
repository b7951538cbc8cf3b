using System.Net;

namespace FilterProxy.Filters.Datagrams;

/// <summary>What one client (address and port) has going by a socket that many share.</summary>
/// <param name="client">Where its datagrams come from.</param>
/// <param name="address">The address of that.</param>
internal abstract class ClientSession(SocketAddress client, IPAddress address)
{
    /// <summary>Where its datagrams come from.</summary>
    public SocketAddress Client => client;

    /// <summary>The address of that.</summary>
    public IPAddress Address => address;

    /// <summary>When a datagram last went either way, on the table's clock.</summary>
    public double LastMove { get; protected set; }

    /// <summary>Begins, once its table has it; must not take long.</summary>
    public abstract void Begin();

    /// <summary>Passes on datagrams of the client.</summary>
    public abstract void Send(DatagramBatch batch, int first, int count);

    /// <summary>Ends it, once.</summary>
    public abstract void End(string reason);
}
