using FilterProxy.Filters.ReverseTunnel.Agent;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>The one byte stream of a work connection, at the agent.</summary>
/// <param name="ask">What the server has asked for.</param>
/// <param name="run">What there is.</param>
internal sealed class WorkService(string ask, AgentRun run) : IConnectionService
{
    public async Task ServeAsync(ConnectionContext connection)
    {
        try
        {
            var services = run.Services;
            var (name, client, reached) = WorkLine.ReadAsk(ask);
            connection.RemoteEndPoint = client ?? connection.RemoteEndPoint;
            connection.LocalEndPoint = reached ?? connection.LocalEndPoint;
            var (upstream, _, reason) = name is null ? (null, 400, "tunnel_unknown_stream") : await services.ConnectAsync(name, connection, connection.ConnectionClosed);
            if (upstream is null)
            {
                await connection.Transport.Output.WriteAsync(WorkLine.Answer(reason));
                return;
            }

            await using (upstream)
            {
                await connection.Transport.Output.WriteAsync(WorkLine.Answer());
                await services.Context.RelayAsync(connection, upstream, services.Relay);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // The server has left.
        }
    }
}
