using FilterProxy.Filters.ReverseTunnel.Handshake;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>A visitor's port: connections go to a secret service (<c>stcp</c>) of an agent, encrypted from here to there.</summary>
[Component("tunnel_visit")]
public sealed class TunnelVisitFilter : IConnectionFilter
{
    private readonly VisitDialer _dialer;
    private readonly ComponentContext _context;
    private readonly RelayOptions _relay;

    /// <summary>Finds the servers.</summary>
    public TunnelVisitFilter(TunnelVisitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_context, _relay) = (context, new RelayOptions { IdleTimeout = options.IdleTimeout });
        _dialer = new VisitDialer(options, TunnelServiceType.Stcp, context);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(connection);
        try
        {
            if (await _dialer.TryConnectAsync(connection.ConnectionClosed) is { } upstream)
            {
                await using (upstream)
                {
                    ConnectionReport.End(connection, (await _context.RelayAsync(connection, upstream, _relay)).Reason);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client has left.
        }

        ConnectionReport.End(connection, "no_endpoint");
        connection.Abort(new ConnectionAbortedException("The secret service cannot be reached."));
    }
}
