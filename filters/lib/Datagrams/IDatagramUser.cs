using System.Net.Sockets;

namespace FilterProxy.Filters.Datagrams;

/// <summary>Who has a <see cref="UdpUpstream"/>, and is told what comes of it.</summary>
internal interface IDatagramUser
{
    /// <summary>Datagrams have come; the batch is valid during the call.</summary>
    void OnReceived(DatagramBatch batch);

    /// <summary>A datagram did not go, or the kernel says that nobody is there.</summary>
    void OnError(SocketError error);
}
