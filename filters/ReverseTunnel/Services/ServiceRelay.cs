using System.Net;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Streams;
using FilterProxy.Filters.ReverseTunnel.Udp;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Relays clients to agents of a service: to one after the other, until one takes the stream.</summary>
/// <param name="options">What streams are kept to.</param>
/// <param name="context">The component's.</param>
internal sealed class ServiceRelay(ServiceStreamOptions options, ComponentContext context)
{
    private readonly TunnelConnectorOptions _connector = new() { Transport = options.Transport };
    private readonly AgentTable _agents = context.Shared<AgentTable>();
    private readonly Occasion _complaints = new(context.Time);
    private readonly RelayOptions _relay = new() { IdleTimeout = options.IdleTimeout };
    private readonly ServiceMetrics _metrics = new(context.Meter);

    /// <summary>Relays one client; completes when that is over.</summary>
    /// <param name="client">Whose connection it is.</param>
    /// <param name="claim">The service.</param>
    /// <param name="prefix">What the stream carries, as <see cref="StreamNames"/> has it.</param>
    /// <param name="stop">Cuts it.</param>
    public async Task RelayAsync(ConnectionContext client, ServiceClaim claim, string prefix = StreamNames.Tcp, CancellationToken stop = default)
    {
        var record = claim.Record;
        var report = new RelayReport(0, 0, "no_endpoint", null, false);
        record.Begin();
        try
        {
            if (await TryOpenAsync(client, claim, prefix) is not { } upstream)
            {
                client.Abort(new ConnectionAbortedException($"No agent takes streams of {claim.Owner}."));
                return;
            }

            await using (upstream)
            {
                report = report with { Reason = "failed" };
                report = await RelayAsync(client, upstream, record.Rates, stop);
            }
        }
        finally
        {
            record.End(report.ToUpstream, report.ToDownstream);
            _metrics.Ended(record.Owner, report.Reason, report.ToUpstream, report.ToDownstream);
            ConnectionReport.End(client, report.Reason);
        }
    }

    /// <summary>Opens a stream to an agent of a service; null where none takes it.</summary>
    /// <param name="claim">The service.</param>
    /// <param name="prefix">What the stream carries, as <see cref="StreamNames"/> has it.</param>
    /// <param name="client">The client's address; null where there is none to tell.</param>
    /// <param name="closed">The client has left.</param>
    /// <param name="reached">The address it has connected to; null where there is none to tell.</param>
    /// <exception cref="OperationCanceledException">It has.</exception>
    public async ValueTask<ConnectionContext?> OpenAsync(ServiceClaim claim, string prefix, IPEndPoint? client, CancellationToken closed, IPEndPoint? reached = null)
    {
        var (members, first) = claim.Turn;
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[(first + i) % members.Length];
            using var timeout = new CancellationTokenSource(options.ConnectTimeout, context.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, closed);
            try
            {
                return await StreamOpener.OpenAsync(_agents, member.Agent, prefix, member.Service, _connector, client, both.Token, reached);
            }
            catch (Exception e) when (e is UpstreamException || (e is OperationCanceledException && !closed.IsCancellationRequested))
            {
                var why = (e as UpstreamException)?.Error.Detail ?? "timeout";
                claim.Record.Fail($"{why}, by {member.Agent}");
                if (_complaints.TryTake(out var skipped))
                {
                    Log.NoStream(context.Logger, claim.Owner.ToString(), member.Agent.ToString(), why, skipped);
                }
            }
        }

        return null;
    }

    /// <summary>Begins to count a client of a service of datagrams.</summary>
    public ISessionTraffic Enter(ServiceClaim claim, IPAddress client) => new ServiceSession(claim.Record, _metrics, client);

    private async ValueTask<RelayReport> RelayAsync(ConnectionContext client, ConnectionContext upstream, ServiceRates? rates, CancellationToken stop)
    {
        using var share = rates?.Enter(ConnectionFacts.AddressOf(client));
        var relay = share is null ? _relay : _relay with { ToUpstream = share.Upload, ToDownstream = share.Download };
        return await context.RelayAsync(client, upstream, relay, stop);
    }

    private async ValueTask<ConnectionContext?> TryOpenAsync(ConnectionContext client, ServiceClaim claim, string prefix)
    {
        try
        {
            return await OpenAsync(claim, prefix, client.RemoteEndPoint as IPEndPoint, client.ConnectionClosed, client.LocalEndPoint as IPEndPoint);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
