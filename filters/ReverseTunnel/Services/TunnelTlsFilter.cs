using System.Text;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>
/// Relays TLS as it is to an agent whose <c>https</c> service has the name the client asks for. Stands behind <c>tls_inspector</c>; what no service has goes to the
/// filters behind this one.
/// </summary>
[Component("tunnel_services")]
public sealed class TunnelTlsFilter : IConnectionFilter
{
    private readonly ServiceTable _services;
    private readonly ServiceRelay _relay;

    /// <summary>Finds the services.</summary>
    public TunnelTlsFilter(TunnelTlsOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _services = context.Shared<ServiceTable>();
        _relay = new ServiceRelay(options, context);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(next);
        var name = ConnectionFacts.ServerNameOf(connection);
        return name.Length > 0 && _services.FindHttps(Encoding.ASCII.GetBytes(name)) is { } claim ? _relay.RelayAsync(connection, claim) : next(connection);
    }
}
