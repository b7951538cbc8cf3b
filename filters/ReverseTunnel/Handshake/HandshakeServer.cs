using System.IO.Pipelines;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Services;
using Microsoft.AspNetCore.Connections;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>The server's side of the handshake: says who may have a tunnel, answers all others, and takes rights away that a reload has removed.</summary>
internal sealed class HandshakeServer : IAsyncDisposable
{
    // So long a start waits for keys of issuers: one that is down must not keep the proxy down.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly TunnelHandshakeOptions _options;
    private readonly CredentialCheck _credentials;
    private readonly AccessRules _rules;
    private readonly TunnelSessions _sessions;
    private readonly AdmittedTunnels _admitted;
    private readonly ServiceRegistrar _services;
    private readonly HandshakeLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private Task _fetching = Task.CompletedTask;

    /// <exception cref="ArgumentException">A file of rules, keys or secrets cannot be read, or something in it is wrong.</exception>
    public HandshakeServer(TunnelHandshakeOptions handshake, TunnelCredentialOptions credentials, TunnelAccessOptions access, TunnelServicesOptions services, ComponentContext context)
    {
        _options = handshake;
        _time = context.Time;
        _credentials = new CredentialCheck(credentials, context);
        _rules = new AccessRules(access, context);
        _sessions = context.Shared<TunnelSessions>();
        _admitted = context.Store(() => new AdmittedTunnels());
        _services = new ServiceRegistrar(services, context);
        _log = new HandshakeLog(context);
    }

    /// <summary>Takes over keys that the instance before has fetched.</summary>
    public void Adopt(HandshakeServer before) => _credentials.Issuers.Adopt(before._credentials.Issuers);

    /// <summary>Fetches keys of issuers, and closes tunnels that the instance before has let in and this one would not.</summary>
    public async ValueTask StartAsync(CancellationToken stop)
    {
        stop.Register(static source => ((CancellationTokenSource)source!).Cancel(), _stop);
        _fetching = _credentials.Issuers.RunAsync(_stop.Token);
        await _credentials.Issuers.FetchAsync(stop).WaitAsync(Patience, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var admission in _admitted.All)
        {
            if (_rules.Find(admission.Hello.Identity) is { } rule)
            {
                // First: services that come from now on are judged by it, those there are below.
                admission.Adopt(rule, _services);
            }

            if (WhyNoMore(admission) is { } reason)
            {
                _log.Revoked(admission, reason);
                admission.Revoke(reason);
            }
        }
    }

    /// <summary>
    /// Does the handshake on a connection. Whoever is refused is told so, and the connection is ended. What came behind the request stays in the pipe.
    /// </summary>
    /// <returns>What was agreed on; the caller disposes it with the connection. Null where it is refused or has left.</returns>
    public async ValueTask<TunnelAdmission?> AcceptAsync(ConnectionContext connection, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        HandshakeHead? head = null;
        HandshakeRefusal? refusal;
        TunnelAdmission? admission = null;
        try
        {
            (head, refusal) = await ReadAsync(connection.Transport.Input, both.Token);
            if (head is not null)
            {
                (admission, refusal) = await DecideAsync(connection, head, both.Token);
            }

            if (admission is not null)
            {
                await HandshakeWriter.WelcomeAsync(connection.Transport.Output, admission.Welcome, IsUpgrade(head!), both.Token);
                _log.Admitted(admission, connection);
                return admission;
            }
        }
        catch (OperationCanceledException)
        {
            admission?.Dispose();
            refusal = deadline.IsCancellationRequested ? Refuse(408, "tunnel_timeout", $"it took more than {_options.Timeout.TotalSeconds:0.#} s") : null;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or ConnectionAbortedException)
        {
            admission?.Dispose();
            refusal = null;
        }

        ConnectionReport.End(connection, refusal?.Code ?? "client_closed");
        if (refusal is not null)
        {
            _log.Refused(refusal, head, connection);
            await HandshakeWriter.RefuseAsync(connection.Transport, refusal, cancel);
        }

        return null;
    }

    /// <summary>Relays a visitor that was let in; completes when that is over.</summary>
    public Task RelayVisitAsync(ConnectionContext connection, TunnelAdmission admission) => _services.RelayVisitAsync(connection, admission);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _fetching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _credentials.Dispose();
    }

    private bool IsUpgrade(HandshakeHead head) => _options.Upgrade != UpgradeUse.Never && RequestCheck.AsksForUpgrade(head);

    private async ValueTask<(HandshakeHead? Head, HandshakeRefusal? Refusal)> ReadAsync(PipeReader input, CancellationToken cancel)
    {
        var (end, head, problem) = await HeadReader.ReadAsync(input, (int)_options.MaxHead.Bytes, cancel);
        return end switch
        {
            HeadReader.End.Complete => (head, null),
            HeadReader.End.TooLarge => (null, Refuse(431, "tunnel_too_large", problem)),
            _ => (null, Refuse(400, "tunnel_malformed", problem)),
        };
    }

    // In the order of Envoy's responder, so that its agents are told what they expect.
    private async ValueTask<(TunnelAdmission? Admission, HandshakeRefusal? Refusal)> DecideAsync(ConnectionContext connection, HandshakeHead head, CancellationToken cancel)
    {
        var refusal = RequestCheck.Check(head, _options);
        if (refusal is not null || !HelloText.TryRead(head, out var hello, out refusal) || (refusal = RequestCheck.CheckServer(hello, _options)) is not null)
        {
            return (null, refusal);
        }

        (var proof, refusal) = await _credentials.CheckAsync(connection, head, hello.Identity, cancel);
        if (proof is null)
        {
            return (null, refusal);
        }

        if (_rules.Find(hello.Identity) is not { } rule)
        {
            return (null, Refuse(403, "tunnel_denied", "no rule lets it have a tunnel"));
        }

        if (hello.Visit is { } visit)
        {
            return Join(connection, hello, visit, proof, rule);
        }

        hello = _services.Resolve(hello, out refusal);
        refusal = _sessions.CheckCaps(hello, rule) ?? refusal ?? rule.Check(hello);
        return refusal is null ? Join(connection, hello, proof, rule) : (null, refusal);
    }

    private (TunnelAdmission? Admission, HandshakeRefusal? Refusal) Join(ConnectionContext connection, TunnelHello hello, TunnelProof proof, AccessRule rule)
    {
        var (lease, refusal) = _services.Register(hello, rule);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        var allowed = hello with { Capabilities = hello.Capabilities & rule.Capabilities, Services = lease?.Services ?? [] };
        (var admission, refusal) = _sessions.Join(hello, rule, _options, Create, out var replaced);
        if (admission is null)
        {
            lease?.Dispose();
        }

        foreach (var old in replaced)
        {
            _log.Revoked(old, "another agent has its node");
            old.Revoke("another agent has its node");
        }

        admission?.Begin(connection, _time, proof is TokenProof token ? _credentials.Issuers.EndOf(token.Claims) : null);
        return (admission, refusal);

        TunnelAdmission Create(TunnelSession session) => new(_sessions, _admitted, session, allowed with { SessionId = session.Id }, proof, rule)
        {
            Lease = lease,
            Registrar = _services,
            Welcome = new TunnelWelcome(session.Id, _options.PingInterval, _options.PingTimeout, _options.MaxStreams)
            {
                Capabilities = allowed.Capabilities,
                Services = allowed.Services,
            },
        };
    }

    private (TunnelAdmission? Admission, HandshakeRefusal? Refusal) Join(ConnectionContext connection, TunnelHello hello, TunnelVisit visit, TunnelProof proof, AccessRule rule)
    {
        // In this order: who may not visit a service does not learn whether it is there.
        if ((rule.Check(visit) ?? _services.CheckVisit(hello.Identity, visit)) is { } refusal)
        {
            return (null, refusal);
        }

        var joined = _sessions.JoinVisit(hello, rule, session => new TunnelAdmission(_sessions, _admitted, session, hello, proof, rule)
        {
            Registrar = _services,
            Welcome = new TunnelWelcome(session.Id, _options.PingInterval, _options.PingTimeout, _options.MaxStreams),
        });
        joined.Admission?.Begin(connection, _time, proof is TokenProof token ? _credentials.Issuers.EndOf(token.Claims) : null);
        return joined;
    }

    private string? WhyNoMore(TunnelAdmission admission)
    {
        var hello = admission.Hello with { Services = admission.Lease?.Services ?? [] };
        if (!_credentials.Holds(admission.Proof, hello.Identity))
        {
            return $"{admission.Proof.Name} does not prove it any more";
        }

        return _rules.Find(hello.Identity) is not { } rule ? "no rule lets it have a tunnel any more"
            : (hello.Visit is { } visit ? rule.Check(visit) : rule.Check(hello)) is { } refusal ? refusal.Detail
            : (hello.Capabilities & ~rule.Capabilities) is not TunnelCapabilities.None and var lost ? $"it may not carry {Names.Of(lost)} any more"
            : null;
    }
}
