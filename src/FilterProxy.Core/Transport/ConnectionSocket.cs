using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace FilterProxy.Core.Transport;

/// <summary>Finds the socket of a connection.</summary>
internal static class ConnectionSocket
{
    /// <summary>The connection's, where it tells; null otherwise. Of our own it is known without a look at their features, which few ask for.</summary>
    public static Socket? Of(ConnectionContext connection) =>
        (connection as IConnectionSocketFeature ?? connection.Features.Get<IConnectionSocketFeature>())?.Socket;
}
