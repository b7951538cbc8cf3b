using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>A byte stream that has a connection of an agent to itself, at the server. The connection stays its owner's, who is told of the end.</summary>
internal sealed class WorkStream(ConnectionContext connection, Action ended) : ConnectionContext
{
    // The connection's own, so that bytes may go from socket to socket.
    public override IDuplexPipe Transport { get; set; } = connection.Transport;

    public override string ConnectionId
    {
        get => connection.ConnectionId;
        set => throw new NotSupportedException("It is the connection's.");
    }

    public override IFeatureCollection Features => connection.Features;

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override CancellationToken ConnectionClosed
    {
        get => connection.ConnectionClosed;
        set => throw new NotSupportedException("The connection owns its token.");
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        connection.Abort(abortReason);
        ended();
    }

    public override ValueTask DisposeAsync()
    {
        ended();
        return base.DisposeAsync();
    }
}
