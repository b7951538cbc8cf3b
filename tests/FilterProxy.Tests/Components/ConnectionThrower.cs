using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Tests.Components;

/// <summary>Throws at its first connection.</summary>
[Component("connection_thrower")]
public sealed class ConnectionThrower : IConnectionFilter
{
    private int _count;

    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next) =>
        Interlocked.Increment(ref _count) == 1 ? throw new FormatException("at the first") : next(connection);
}
