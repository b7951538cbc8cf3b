using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>Opens byte streams to peers. "Open me a stream to this endpoint" is the whole upstream seam.</summary>
public interface IConnector
{
    /// <summary>Opens a stream; TLS, where the peer asks for it, is done. The caller owns and disposes it.</summary>
    /// <exception cref="UpstreamException">The peer cannot be reached.</exception>
    ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel);
}

/// <summary>A connector whose peers take whole requests (HTTP/2, tunnels). Preferred over byte streams where it is there.</summary>
public interface IHttpConnector : IConnector
{
    /// <summary>
    /// Whether its peers take whole requests. False where its options say otherwise: then requests go as HTTP/1.1 over the streams that
    /// <see cref="IConnector.ConnectAsync"/> opens, which are kept and used again, and <see cref="GetHttp"/> is not called. Always the same.
    /// </summary>
    bool TakesRequests => true;

    /// <summary>
    /// The invoker for a peer; the connector owns it. What it throws as <see cref="UpstreamException"/> says that nothing of the request was
    /// sent: another endpoint may be tried, whatever its method.
    /// </summary>
    HttpMessageInvoker GetHttp(UpstreamPeer peer);
}

/// <summary>What a connector may want to know.</summary>
/// <param name="Downstream">The client on whose behalf it connects, for PROXY protocol; null for health checks and pre-warming.</param>
/// <param name="Loop">The scheduler to stay on; null for no preference.</param>
public readonly record struct ConnectContext(DownstreamInfo? Downstream = null, PipeScheduler? Loop = null);

/// <summary>
/// A connection that can send a sequence straight from another connection's buffers: what its <c>Transport.Output</c> may
/// implement besides PipeWriter. A wrapped transport (TLS) then offers its own, or none.
/// </summary>
public interface ISequenceSend
{
    /// <summary>Sends everything written so far and then the bytes given; they must not change until the task completes.</summary>
    ValueTask SendAsync(ReadOnlySequence<byte> data, CancellationToken cancel = default);
}
