using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>
/// A feature of a connection from an <see cref="IConnectionSource"/> that carries no HTTP/2: takes it in the place of routes and filters, or says
/// what comes before requests of HTTP/1. The source sets it before it yields the connection.
/// </summary>
public interface IConnectionService
{
    /// <summary>Serves the connection, which is closed when the task has completed. Called once.</summary>
    /// <param name="connection">
    /// With the listener's filters behind it. While the listener stops it goes on, as far as the time to drain allows; then it is reset.
    /// </param>
    /// <param name="requests">
    /// Serves what comes from then on as HTTP/1 by the listener's routes and filters. Called once at the most; the task completes when the connection is over.
    /// </param>
    /// <returns>Completes when it is over; must not fail.</returns>
    Task ServeAsync(ConnectionContext connection, ConnectionDelegate requests);
}
