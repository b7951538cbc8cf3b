using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Punch;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>A visitor's port: connections go to a secret service (<c>stcp</c>, <c>xtcp</c>) of an agent, encrypted from here to there.</summary>
[Component("tunnel_visit")]
public sealed class TunnelVisitFilter : IConnectionFilter, IAdminView
{
    private readonly TunnelVisitOptions _options;
    private readonly VisitDialer _dialer;
    private readonly ComponentContext _context;
    private readonly RelayOptions _relay;
    private readonly VisitPaths? _paths;

    /// <summary>Finds the servers.</summary>
    public TunnelVisitFilter(TunnelVisitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        var isDirect = options.Type == TunnelVisitType.Xtcp;
        (_options, _context, _relay) = (options, context, new RelayOptions { IdleTimeout = options.IdleTimeout });
        _dialer = new VisitDialer(options, isDirect ? TunnelServiceType.Xtcp : TunnelServiceType.Stcp, context);
        _paths = isDirect ? new VisitPaths(options.Direct, options.Service, context) : null;
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
                    var report = await (_paths is null ? _context.RelayAsync(connection, upstream, _relay) : RelayAsync(connection, upstream, _paths));
                    ConnectionReport.End(connection, report.Reason);
                    return;
                }
            }
        }
        catch (UpstreamException e)
        {
            _dialer.Complain(e.Error.Detail ?? "tunnel_direct_failed");
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has left, or the visit was cut before it began.
        }

        ConnectionReport.End(connection, "no_endpoint");
        connection.Abort(new ConnectionAbortedException("The secret service cannot be reached."));
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("visitor", _options.Visitor);
        writer.WriteString("service", _options.Service);
        writer.WriteString("type", Names.Of(_paths is null ? TunnelServiceType.Stcp : TunnelServiceType.Xtcp));
        _paths?.Write(writer);
        writer.WriteEndObject();
    }

    private async ValueTask<RelayReport> RelayAsync(ConnectionContext connection, SecretConnection upstream, VisitPaths paths)
    {
        await using var path = await paths.ChooseAsync(upstream, connection.ConnectionClosed);
        paths.Metrics.Began(path is not null);
        var report = await _context.RelayAsync(connection, path?.Connection ?? upstream, _relay);
        paths.Metrics.Ended(path is not null, report.ToUpstream, report.ToDownstream);
        return report;
    }
}
