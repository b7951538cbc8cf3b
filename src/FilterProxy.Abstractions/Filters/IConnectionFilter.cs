using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>
/// A step in a listener's ordered list of byte-stream filters. It may wrap the connection (TLS), hand it on unchanged,
/// or finish it (relay, refuse). What it hands to <c>next</c> is what the following filters, and HTTP, will see.
/// </summary>
public interface IConnectionFilter
{
    /// <summary>Handles one connection. The task completes when the connection is over.</summary>
    /// <param name="connection">The connection; owned by the listener, which disposes it when the task completes.</param>
    /// <param name="next">The rest of the list. Not calling it ends the connection here.</param>
    Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next);

    /// <summary>
    /// Whether this connection's client is somebody else than its peer, whom the filter tells by setting the connection's
    /// <c>RemoteEndPoint</c> before it calls <c>next</c> (PROXY protocol). Asked once, when the connection is accepted; limits per
    /// client then count who was told, and not the peer. Must not block.
    /// </summary>
    bool TellsClient(ConnectionContext connection) => false;

    /// <summary>
    /// Whether it may wait for <c>ConnectionClosed</c> without reading. Only Kestrel's sockets notice an end that nobody reads: where a
    /// filter of a listener says true, <c>io: auto</c> takes them, and the engine's own otherwise.
    /// </summary>
    bool WaitsWithoutReading => true;
}

/// <summary>
/// Told once when a connection of its listener has closed, whatever closed it. A component that stands in a listener's <c>filters</c> is an
/// <see cref="IConnectionFilter"/> besides, which may just hand the connection on.
/// </summary>
public interface IConnectionLoggingFilter
{
    /// <summary>Called after the last byte. Must not block. What filters told of the connection is in its <see cref="ConnectionReport"/>.</summary>
    void OnConnectionClosed(ConnectionContext connection, ConnectionStats stats);
}

/// <summary>What a connection did, for <see cref="IConnectionLoggingFilter"/>.</summary>
/// <param name="BytesReceived">Bytes read from the downstream peer, as seen below TLS.</param>
/// <param name="BytesSent">Bytes written to the downstream peer, as seen below TLS.</param>
/// <param name="Duration">From accept to close.</param>
/// <param name="Reason">
/// A stable code that says what ended it, e.g. <c>client_closed</c>, <c>idle_timeout</c>; <c>closed</c> where nobody said.
/// </param>
public readonly record struct ConnectionStats(long BytesReceived, long BytesSent, TimeSpan Duration, string Reason);
