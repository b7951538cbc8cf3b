using System.Net;
using FilterProxy.Filters.ReverseTunnel.Server;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>Opens byte streams on work connections of agents.</summary>
internal static class WorkOpener
{
    /// <param name="pools">The idle connections.</param>
    /// <param name="agent">Whose.</param>
    /// <param name="service">A service of his.</param>
    /// <param name="options">Whether a connection is waited for, how many may wait and how long.</param>
    /// <param name="client">The client's address; null where there is none to tell.</param>
    /// <param name="reached">The address it has connected to, likewise.</param>
    /// <param name="cancel">Ends the wait for a connection and for the agent's answer.</param>
    /// <returns>The stream, or why the agent refuses it; neither where no connection is to be had.</returns>
    public static async ValueTask<(ConnectionContext? Stream, string? Refusal)> OpenAsync(
        WorkPools pools, AgentId agent, string service, TunnelConnectorOptions options, IPEndPoint? client, IPEndPoint? reached, CancellationToken cancel)
    {
        while (await TakeAsync() is { } connection)
        {
            string? answer = null;
            try
            {
                answer = await connection.AskAsync(service, client, reached, cancel);
            }
            finally
            {
                if (answer != WorkLine.Ok)
                {
                    connection.Abort();
                }
            }

            if (answer is not null)
            {
                return answer == WorkLine.Ok ? (connection.OpenStream(new AgentEndPoint(agent)), null) : (null, WorkLine.ReadRefusal(answer));
            }
        }

        return default;

        async ValueTask<WorkConnection?> TakeAsync() => options.Transport switch
        {
            TunnelTransport.Work => await pools.TakeAsync(agent, options.MaxPending, options.PendingTimeout, cancel),
            TunnelTransport.Auto => pools.TryTake(agent),
            _ => null,
        };
    }
}
