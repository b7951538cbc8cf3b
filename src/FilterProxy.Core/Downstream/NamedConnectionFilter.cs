using System.Net.Sockets;
using System.Security.Authentication;
using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>A connection filter under its name: what it throws is logged, counted, and ends its connection and nothing else.</summary>
internal sealed class NamedConnectionFilter(IConnectionFilter filter, string name, string listener, ProxyServices services) : IConnectionFilter
{
    public bool TellsClient(ConnectionContext connection) => filter.TellsClient(connection);

    public bool WaitsWithoutReading => filter.WaitsWithoutReading;

    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            await filter.OnConnectionAsync(connection, next);
        }
        catch (Exception e) when (!IsEndOfConnection(e))
        {
            // The innermost filter it comes through is the one; those around it see a connection that ended.
            services.Filters.Failed(name, "connection");
            services.Log.ConnectionFilterFailure(e, name, listener);
            connection.Abort(new ConnectionAbortedException($"connection filter '{name}' failed", e));
        }
    }

    private static bool IsEndOfConnection(Exception e) =>
        e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or AuthenticationException;
}
