using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>Reaches a secret service: asks one server after the other, and lets nobody between it and the agent hear or change what follows.</summary>
internal sealed class VisitDialer
{
    private readonly VisitOptions _options;
    private readonly ComponentContext _context;
    private readonly Cluster _server;
    private readonly HandshakeClient _handshake;
    private readonly SecretKey _key;
    private readonly TunnelHello _hello;
    private readonly Occasion _complaints;

    public VisitDialer(VisitOptions options, TunnelServiceType type, ComponentContext context)
    {
        (_options, _context, _complaints) = (options, context, new Occasion(context.Time));
        _server = context.GetCluster(options.Server);
        _handshake = new HandshakeClient(options.Handshake, context.ConfigDirectory, context.Time);
        if (!TunnelIdentity.TryParse(options.Visitor, out var visitor, out var problem) || TunnelVisit.Of(options.Service, type) is not { } visit)
        {
            throw new ArgumentException(problem);
        }

        _hello = new TunnelHello(visitor) { Kind = TunnelKind.Visit, Visit = visit, Server = TunnelIdentity.IsPart(options.Server) ? options.Server : null };
        _key = new SecretKey(options.Key, visitor.Tenant, visit.Cluster, visit.Service);
    }

    /// <summary>Opens a connection to the service; null where there is none to be had, which it has said.</summary>
    /// <exception cref="OperationCanceledException">Whoever wanted it has left.</exception>
    public async ValueTask<SecretConnection?> TryConnectAsync(CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var (tried, reason) = (new List<Endpoint>(), "no_endpoint");
        while (_server.Pick(new PickContext(Tried: tried)) is { } peer && !tried.Contains(peer.Endpoint))
        {
            tried.Add(peer.Endpoint);
            try
            {
                return await ConnectAsync(peer with { Protocol = UpstreamProtocol.Bytes }, both.Token);
            }
            catch (UpstreamException e)
            {
                reason = e.Error.Detail ?? "connect_failed";
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                reason = "connect_timeout";
                break;
            }
        }

        cancel.ThrowIfCancellationRequested();
        Complain(reason);
        return null;
    }

    /// <summary>Says why the service cannot be visited, unless that was just said.</summary>
    public void Complain(string reason)
    {
        if (_complaints.TryTake(out var skipped))
        {
            Log.NoVisit(_context.Logger, _options.Service, _options.Visitor, reason, skipped);
        }
    }

    private async ValueTask<SecretConnection> ConnectAsync(UpstreamPeer peer, CancellationToken cancel)
    {
        var connection = await _server.ConnectToAsync(peer, cancel);
        HandshakeReply reply;
        try
        {
            reply = await _handshake.RunAsync(connection.Transport, _hello, cancel);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        if (reply.Welcome is null)
        {
            await connection.DisposeAsync();
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, reply.Status == 0 ? reply.Reason : $"{reply.Status} {reply.Reason}"));
        }

        return await SecretHandshake.ConnectAsync(connection, _key, cancel);
    }
}
