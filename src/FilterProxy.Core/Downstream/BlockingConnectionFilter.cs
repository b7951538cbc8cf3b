using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>A connection filter that blocks its thread: runs on the thread pool, and what follows it on the loop again.</summary>
internal sealed class BlockingConnectionFilter(IConnectionFilter filter) : IConnectionFilter
{
    public bool TellsClient(ConnectionContext connection) => filter.TellsClient(connection);

    public bool WaitsWithoutReading => filter.WaitsWithoutReading;

    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var loop = EventLoop.Current;
        await Hop.OffLoop();
        await filter.OnConnectionAsync(connection, async passed =>
        {
            await Hop.BackTo(loop);
            await next(passed);

            // The rest of the filter may block as well.
            await Hop.OffLoop();
        });
    }
}
