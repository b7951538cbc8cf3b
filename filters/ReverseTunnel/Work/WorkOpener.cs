using FilterProxy.Filters.ReverseTunnel.Server;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>Takes work connections of agents, and has the agents agree to what they are to carry.</summary>
internal static class WorkOpener
{
    /// <param name="pools">The idle connections.</param>
    /// <param name="agent">Whose.</param>
    /// <param name="ask">What it is to carry.</param>
    /// <param name="options">Whether a connection is waited for, how many may wait and how long.</param>
    /// <param name="cancel">
    /// Ends the wait for a connection, and for the agent's answer where it is a byte stream's. A connection for requests that has been taken is finished: it serves others as well.
    /// </param>
    /// <returns>The stream, or why the agent refuses it; neither where no connection is to be had.</returns>
    public static async ValueTask<(ConnectionContext? Stream, string? Refusal)> OpenAsync(
        WorkPools pools, AgentId agent, WorkAsk ask, TunnelConnectorOptions options, CancellationToken cancel)
    {
        while (await TakeAsync() is { } connection)
        {
            string? answer = null;
            try
            {
                answer = ask.Service is null ? await AskForAllAsync(connection) : await connection.AskAsync(ask, cancel);
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

        async ValueTask<string?> AskForAllAsync(WorkConnection connection)
        {
            using var limit = new CancellationTokenSource(options.PendingTimeout);
            try
            {
                return await connection.AskAsync(ask, limit.Token);
            }
            catch (OperationCanceledException)
            {
                // The agent does not answer, and might not on another.
                return "";
            }
        }

        async ValueTask<WorkConnection?> TakeAsync() => options.Transport switch
        {
            TunnelTransport.Work => await pools.TakeAsync(agent, options.MaxPending, options.PendingTimeout, cancel),
            TunnelTransport.Auto => pools.TryTake(agent),
            _ => null,
        };
    }
}
