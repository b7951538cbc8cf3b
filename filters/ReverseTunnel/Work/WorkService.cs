using FilterProxy.Filters.ReverseTunnel.Agent;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>What a work connection carries, at the agent: one byte stream, or requests.</summary>
/// <param name="ask">What the server has asked for.</param>
/// <param name="run">What there is.</param>
internal sealed class WorkService(string ask, AgentRun run) : IConnectionService
{
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate requests)
    {
        try
        {
            var output = connection.Transport.Output;
            switch (WorkLine.ReadAsk(ask))
            {
                case { Service: { } service } wanted:
                    connection.RemoteEndPoint = wanted.Client ?? connection.RemoteEndPoint;
                    connection.LocalEndPoint = wanted.Reached ?? connection.LocalEndPoint;
                    await RelayAsync(service, connection);
                    break;

                case { }:
                    await output.WriteAsync(WorkLine.Answer());
                    await requests(connection);
                    break;

                default:
                    await output.WriteAsync(WorkLine.Answer("tunnel_unknown_stream"));
                    break;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // The server has left.
        }
    }

    private async Task RelayAsync(string service, ConnectionContext connection)
    {
        var (services, output) = (run.Services, connection.Transport.Output);
        var (upstream, _, reason) = await services.ConnectAsync(service, connection, connection.ConnectionClosed);
        if (upstream is null)
        {
            await output.WriteAsync(WorkLine.Answer(reason));
            return;
        }

        await using (upstream)
        {
            await output.WriteAsync(WorkLine.Answer());
            await services.Context.RelayAsync(connection, upstream, services.Relay);
        }
    }
}
