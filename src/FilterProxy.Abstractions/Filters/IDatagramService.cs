using System.Net.Sockets;

namespace FilterProxy;

/// <summary>What serves the datagrams of a UDP listener (<c>udp_listeners</c>), all of them.</summary>
public interface IDatagramService
{
    /// <summary>Serves a socket; the task completes when it does so no more.</summary>
    /// <param name="socket">Bound; owned by the listener, which may give it to another service afterwards.</param>
    /// <param name="stop">Cancelled when the listener goes, or another service takes this one's place.</param>
    Task ServeAsync(Socket socket, CancellationToken stop);
}
