using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>A TLS handshake under way and the time it is given: the plan's, which a reload may change.</summary>
internal sealed class TlsHandshake : IDisposable
{
    private readonly ConnectionContext _connection;
    private readonly ListenerPlan _plan;
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenRegistration _abort;

    public TlsHandshake(ConnectionContext connection, ListenerPlan plan, ProxyServices services)
    {
        _connection = connection;
        _plan = plan;
        plan.Handshakes.Enter();
        _time = plan.HandshakeTimeout > TimeSpan.Zero
            ? new CancellationTokenSource(plan.HandshakeTimeout, services.Time)
            : new CancellationTokenSource();

        // What waits for the socket ends by this; what waits for a certificate source, by the token.
        _abort = _time.Token.UnsafeRegister(static state => ((TlsHandshake)state!)._connection.Abort(), this);
    }

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Timeout => _time.Token;

    public void Dispose()
    {
        _abort.Dispose();
        _time.Dispose();
        _plan.Handshakes.Leave();
    }
}
