using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using FilterProxy.Filters.Datagrams;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Egress;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Punch;
using FilterProxy.Filters.ReverseTunnel.Udp;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>The services of an agent that only visitors with their keys reach.</summary>
internal sealed class AgentSecrets
{
    // For TLS, the proofs, and a connect to the service.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (SecretKey Key, Cluster Cluster, EndpointChoice? Udp, AgentPaths? Paths)> _services = new(StringComparer.Ordinal);
    private readonly Lazy<SslStreamCertificateContext> _certificate = new(CreateCertificate);
    private readonly ComponentContext _context;
    private readonly RelayOptions _relay;
    private readonly EgressRules _egress;
    private readonly TunnelUdpMetrics _udp;
    private readonly Occasion _refusals;
    private readonly AgentPaths? _paths;

    /// <param name="options">The agent's; services of other types are left out.</param>
    /// <param name="identity">The agent's.</param>
    /// <param name="relay">What byte streams are kept to.</param>
    /// <param name="egress">Which endpoints may be connected to.</param>
    /// <param name="datagrams">Counts them.</param>
    /// <param name="context">The component's.</param>
    public AgentSecrets(TunnelSourceOptions options, TunnelIdentity identity, RelayOptions relay, EgressRules egress, TunnelUdpMetrics datagrams, ComponentContext context)
    {
        (_relay, _egress, _udp, _context, _refusals) = (relay, egress, datagrams, context, new Occasion(context.Time));
        foreach (var service in options.Services.Where(service => TunnelVisit.IsSecret(service.Type)))
        {
            var cluster = context.GetCluster(service.Cluster!);
            var isUdp = service.Type == TunnelServiceType.Sudp;
            Capabilities |= isUdp ? TunnelCapabilities.Udp : TunnelCapabilities.Tcp;
            _paths ??= service.Type == TunnelServiceType.Xtcp ? new AgentPaths(options.Direct, context) : null;
            var key = new SecretKey(service.Key!, identity.Tenant, identity.Cluster, service.Name);
            var udp = isUdp ? new EndpointChoice(cluster, context.Time, egress.Allows) : null;
            _services.Add(service.Name, (key, cluster, udp, service.Type == TunnelServiceType.Xtcp ? _paths : null));
        }
    }

    /// <summary>What can be carried because of them.</summary>
    public TunnelCapabilities Capabilities { get; }

    public bool Has(string name) => _services.ContainsKey(name);

    /// <summary>Writes properties of an object: how visitors of `xtcp` services come.</summary>
    public void WriteView(Utf8JsonWriter writer)
    {
        if (_paths is not null)
        {
            writer.WriteStartObject("direct");
            _paths.Write(writer);
            writer.WriteEndObject();
        }
    }

    /// <summary>Serves a visitor, if it is one.</summary>
    /// <param name="name">A service there is.</param>
    /// <param name="relayed">What came through the tunnel.</param>
    /// <param name="stopping">The agent takes no more.</param>
    /// <param name="aborted">The stream is broken.</param>
    public async Task ServeAsync(string name, ConnectionContext relayed, CancellationToken stopping, CancellationToken aborted)
    {
        var (key, cluster, udp, paths) = _services[name];
        using var timeout = new CancellationTokenSource(Patience, _context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, aborted);
        try
        {
            await using var visitor = await SecretHandshake.AcceptAsync(relayed, _certificate.Value, key, both.Token);
            await (udp is null ? RelayAsync(visitor, relayed, cluster, paths, both.Token, aborted) : RelayAsync(visitor, relayed, udp, both.Token, stopping, aborted));
        }
        catch (UpstreamException e)
        {
            if (_refusals.TryTake(out var skipped))
            {
                Log.VisitorRefused(_context.Logger, name, relayed.RemoteEndPoint?.ToString(), e.Error.Detail ?? "", skipped);
            }

            relayed.Abort(new ConnectionAbortedException("No visitor of the service."));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It took too long, or has left.
            relayed.Abort(new ConnectionAbortedException("The visitor has left."));
        }
    }

    private static SslStreamCertificateContext CreateCertificate()
    {
        // Good for this process alone, and known to nobody before: what makes it somebody's is the proof.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=filterproxy", key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        return SslStreamCertificateContext.Create(request.CreateSelfSigned(now.AddDays(-1), now.AddYears(30)), null, offline: true);
    }

    private async Task RelayAsync(SecretConnection visitor, ConnectionContext relayed, Cluster cluster, AgentPaths? paths, CancellationToken connecting, CancellationToken aborted)
    {
        ConnectionContext upstream;
        try
        {
            upstream = await _egress.ConnectAsync(cluster, relayed, connecting);
        }
        catch (UpstreamException e)
        {
            await RefuseAsync(visitor, e, connecting);
            return;
        }

        await using (upstream)
        {
            await SecretHandshake.AnswerAsync(visitor, "", connecting);
            if (paths is null)
            {
                await _context.RelayAsync(visitor, upstream, _relay, aborted);
                return;
            }

            await using var path = await paths.ChooseAsync(visitor, aborted);
            paths.Metrics.Began(path is not null);
            var report = await _context.RelayAsync(path?.Connection ?? visitor, upstream, _relay, aborted);
            paths.Metrics.Ended(path is not null, report.ToUpstream, report.ToDownstream);
        }
    }

    private async Task RelayAsync(
        SecretConnection visitor, ConnectionContext relayed, EndpointChoice endpoints, CancellationToken connecting, CancellationToken stopping, CancellationToken aborted)
    {
        AgentDatagrams datagrams;
        try
        {
            datagrams = await AgentDatagrams.ConnectAsync(endpoints, (relayed.RemoteEndPoint as IPEndPoint)?.Address, _udp, connecting);
        }
        catch (UpstreamException e)
        {
            await RefuseAsync(visitor, e, connecting);
            return;
        }

        await using (datagrams)
        {
            await SecretHandshake.AnswerAsync(visitor, "", connecting);
            await datagrams.RelayAsync(visitor, stopping, aborted);
        }
    }

    private static async Task RefuseAsync(SecretConnection visitor, UpstreamException e, CancellationToken cancel)
    {
        await SecretHandshake.AnswerAsync(visitor, e.Error.Detail ?? "connect_failed", cancel);
        await visitor.EndOutputAsync();
    }
}
