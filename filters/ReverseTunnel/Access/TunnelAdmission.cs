using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>
/// A connection that was let in. It counts for its agent until it is disposed, or its connection has closed; once <see cref="Revoked"/> fires it must be closed.
/// </summary>
internal sealed class TunnelAdmission : IDisposable
{
    private readonly TunnelSessions _sessions;
    private readonly AdmittedTunnels _book;
    private readonly CancellationTokenSource _revoked = new();
    private readonly Lock _terms = new();
    private CancellationTokenRegistration _closed;
    private ITimer? _end;
    private int _isOver;

    public TunnelAdmission(TunnelSessions sessions, AdmittedTunnels book, TunnelSession session, TunnelHello hello, TunnelProof proof, AccessRule rule)
    {
        (_sessions, _book, Session, Hello, Proof, Rule, Revoked) = (sessions, book, session, hello, proof, rule, _revoked.Token);
    }

    /// <summary>What the agent said, with the capabilities it may use.</summary>
    public TunnelHello Hello { get; }

    /// <summary>What it was answered.</summary>
    public required TunnelWelcome Welcome { get; init; }

    /// <summary>Fires when the right to it is gone: a rule or credential was taken away, a token has ended, another agent has its node.</summary>
    public CancellationToken Revoked { get; }

    /// <summary>Why <see cref="Revoked"/> has fired; empty while it has not.</summary>
    public string RevokeReason { get; private set; } = "";

    /// <summary>What the agent may; another rule after a reload.</summary>
    public AccessRule Rule { get; private set; }

    /// <summary>What gives its services their places; another one after a reload.</summary>
    internal required ServiceRegistrar Registrar { get; set; }

    /// <summary>What proved its identity.</summary>
    public TunnelProof Proof { get; }

    internal TunnelSession Session { get; }

    /// <summary>What it has registered; goes with it.</summary>
    internal ServiceLease? Lease { get; init; }

    /// <summary>Has it end with its connection, and at a time.</summary>
    internal void Begin(ConnectionContext connection, TimeProvider time, DateTimeOffset? end)
    {
        _book.Add(this);
        _closed = connection.ConnectionClosed.UnsafeRegister(static admission => ((TunnelAdmission)admission!).Dispose(), this);
        if (end is { } at)
        {
            _end = time.CreateTimer(_ => EndWhenDue(time, at), null, Wait(time, at), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Goes on under what a reload has brought.</summary>
    internal void Adopt(AccessRule rule, ServiceRegistrar registrar)
    {
        lock (_terms)
        {
            (Rule, Registrar) = (rule, registrar);
        }
    }

    /// <summary>Has these services instead of those it had, each for itself: what of it stays is left alone.</summary>
    internal IReadOnlyList<ServiceOutcome> Update(IReadOnlyList<TunnelService> services)
    {
        lock (_terms)
        {
            return Lease is null ? [] : Registrar.Update(Hello, Rule, Lease, services);
        }
    }

    /// <summary>Takes the right away; does nothing where it is over.</summary>
    public void Revoke(string reason)
    {
        if (Volatile.Read(ref _isOver) == 0)
        {
            RevokeReason = reason;
            _ = _revoked.CancelAsync();
        }
    }

    /// <summary>Says that the connection is over.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _closed.Unregister();
            _end?.Dispose();
            _book.Remove(this);
            Lease?.Dispose();
            _sessions.Leave(this);
        }
    }

    // A timer waits for weeks at most, a token may be good for years.
    private static TimeSpan Wait(TimeProvider time, DateTimeOffset at) => TimeSpan.FromSeconds(Math.Clamp((at - time.GetUtcNow()).TotalSeconds, 0, 24 * 3600));

    private void EndWhenDue(TimeProvider time, DateTimeOffset at)
    {
        if (time.GetUtcNow() >= at)
        {
            Revoke("its token has ended");
        }
        else
        {
            _end?.Change(Wait(time, at), Timeout.InfiniteTimeSpan);
        }
    }
}
