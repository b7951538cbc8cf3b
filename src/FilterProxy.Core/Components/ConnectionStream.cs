using FilterProxy.Core.Buffers;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Components;

/// <summary>A connection as a stream that owns it, for clients of the framework.</summary>
internal sealed class ConnectionStream(ConnectionContext connection) : DuplexStream(connection.Transport.Input, connection.Transport.Output)
{
    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Abort();
        }

        base.Dispose(disposing);
    }
}
