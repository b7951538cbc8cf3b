using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.Filters.ReverseTunnel.Work;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>
/// Takes the connections of a listener for tunnels: lets agents in, and has requests go to them for as long as they stay. Nothing reaches what
/// stands behind it.
/// </summary>
[Component("reverse_tunnel")]
public sealed class TunnelServerFilter : IConnectionFilter, IStartable, IAdminView, IAsyncDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    // While the proxy stops, requests that have come already still find the way.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly HandshakeServer _handshake;
    private readonly AgentTable _table;
    private readonly TunnelMetrics _metrics;
    private readonly ComponentContext _context;

    /// <summary>Reads rules and credentials.</summary>
    /// <exception cref="ArgumentException">A file of them cannot be read, or something in it is wrong.</exception>
    public TunnelServerFilter(TunnelServerOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_context, _table) = (context, context.Shared<AgentTable>());
        _metrics = new TunnelMetrics(context.Meter);
        _handshake = new HandshakeServer(options.Handshake, options.Credentials, options.Access, options.Services, context);
        if (context.Previous is TunnelServerFilter before)
        {
            _handshake.Adopt(before._handshake);
        }
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop) => _handshake.StartAsync(stop);

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var admission = await _handshake.AcceptAsync(connection, connection.ConnectionClosed);
        if (admission is { Hello.Kind: TunnelKind.Streams })
        {
            await ServeAsync(connection, admission);
        }
        else if (admission is { Hello.Kind: TunnelKind.Visit })
        {
            await _handshake.RelayVisitAsync(connection, admission);
        }
        else if (admission is not null)
        {
            await WorkAsync(connection, admission);
        }
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer) => TunnelView.Write(writer, _table, _context.Shared<ServiceTable>());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _handshake.DisposeAsync();

    private async Task ServeAsync(ConnectionContext connection, TunnelAdmission admission)
    {
        var identity = admission.Hello.Identity;
        using var tunnel = new AgentConnection(connection, admission);
        using (var patience = new CancellationTokenSource(admission.Welcome.PingTimeout * 2, _context.Time))
        using (var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, admission.Revoked))
        {
            if (!await IsThereAsync(tunnel, both.Token))
            {
                ConnectionReport.End(connection, "tunnel_silent");
                Log.Silent(_context.Logger, identity.ToString(), connection.RemoteEndPoint?.ToString());
                return;
            }
        }

        var agent = _table.Add(IdOf(admission), tunnel, _context.Time.GetUtcNow());
        _metrics.Begin(identity);
        Log.Connected(_context.Logger, identity.ToString(), connection.RemoteEndPoint?.ToString(), agent.Connections.Count);
        var reason = "tunnel_failed";
        using var over = new CancellationTokenSource();
        var following = FollowAsync(tunnel, over.Token);
        try
        {
            reason = await EndAsync(connection, tunnel);
        }
        finally
        {
            await over.CancelAsync();
            await following;
            _table.Remove(agent, tunnel, reason, _context.Time.GetUtcNow());
            _metrics.End(identity, reason, tunnel);
            ConnectionReport.End(connection, reason);
            Log.Ended(_context.Logger, identity.ToString(), reason, agent.Connections.Count);
        }
    }

    private async Task FollowAsync(AgentConnection tunnel, CancellationToken stop)
    {
        if (await ServiceWatch.FollowAsync(tunnel, _context, stop))
        {
            _table.Leave(tunnel);
        }
    }

    private async Task WorkAsync(ConnectionContext connection, TunnelAdmission admission)
    {
        var id = IdOf(admission);
        var work = new WorkConnection(connection, admission, _context.Time);
        _table.Work.Add(id, work);
        try
        {
            var stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            ConnectionReport.End(connection, await work.RunAsync(stop) ? "tunnel_stream_ended" : "client_closed");
        }
        finally
        {
            _table.Work.Remove(id, work);
        }
    }

    private static async Task<bool> IsThereAsync(AgentConnection tunnel, CancellationToken cancel)
    {
        try
        {
            return await tunnel.WarmUpAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>What ended it.</returns>
    private async Task<string> EndAsync(ConnectionContext connection, AgentConnection tunnel)
    {
        var stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var stopOrRevoked = CancellationTokenSource.CreateLinkedTokenSource(stop, tunnel.Admission.Revoked);
        await tunnel.Closed.WaitAsync(stopOrRevoked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (tunnel.Admission.Revoked.IsCancellationRequested)
        {
            return "tunnel_revoked";
        }

        if (tunnel.Closed.IsCompleted)
        {
            return "client_closed";
        }

        for (var waited = TimeSpan.Zero; IsNeeded(waited) && !tunnel.Closed.IsCompleted && !tunnel.Admission.Revoked.IsCancellationRequested; waited += LookAgain)
        {
            if (waited >= Patience)
            {
                tunnel.BeginLeaving();
            }

            await tunnel.Closed.WaitAsync(LookAgain, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return "tunnel_drained";

        // Connections that are kept for requests are not known to have one: they are given a moment.
        bool IsNeeded(TimeSpan waited) => tunnel.Streams > 0 || (waited < Patience && _table.Work.CountOf(IdOf(tunnel.Admission)).Used > 0);
    }

    private static AgentId IdOf(TunnelAdmission admission) => new(admission.Hello.Identity.Tenant, admission.Hello.Identity.Node);
}
