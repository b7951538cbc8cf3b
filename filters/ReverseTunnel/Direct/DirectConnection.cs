using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>A byte stream over datagrams between a visitor and an agent that reach each other without a server: encrypted, in order, and ended like a TCP connection.</summary>
internal sealed class DirectConnection : ConnectionContext, IDuplexPipe, IHalfClose
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyLength = 32;

    private DirectConnection() => Transport = this;

    public PipeReader Input => throw new NotSupportedException();

    public PipeWriter Output => throw new NotSupportedException();

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("n");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    /// <summary>Begins; the peer does the same with the same key and the other role.</summary>
    /// <param name="socket">Bound, and the connection's from then on. What else arrives at it is ignored.</param>
    /// <param name="peer">Where the other end is, as this end sees it. Datagrams from elsewhere are ignored.</param>
    /// <param name="key">Known to both ends, and used for this connection alone; copied.</param>
    /// <param name="isVisitor">Which of the two ends this is.</param>
    /// <param name="time">The clock.</param>
    public static DirectConnection Start(Socket socket, IPEndPoint peer, ReadOnlySpan<byte> key, bool isVisitor, TimeProvider time) =>
        throw new NotSupportedException();

    public ValueTask EndOutputAsync() => throw new NotSupportedException();
}
