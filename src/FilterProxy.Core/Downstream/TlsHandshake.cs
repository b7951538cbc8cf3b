using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// A TLS handshake under way and the time it is given. Kestrel has such a limit too, but fixes it when the listener starts; this one
/// is the plan's, which a reload may change.
/// </summary>
internal sealed class TlsHandshake : IDisposable
{
    private readonly ConnectionContext _connection;
    private readonly ProxyServices _services;
    private readonly ITimer? _timer;
    private int _isOver, _isLeft;

    public TlsHandshake(ConnectionContext connection, ListenerPlan plan, ProxyServices services)
    {
        _connection = connection;
        _services = services;
        Plan = plan;
        plan.Handshakes.Enter();
        if (plan.HandshakeTimeout > TimeSpan.Zero)
        {
            _timer = services.Time.CreateTimer(
                static state => ((TlsHandshake)state!).OnTimeout(), this, plan.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>What the connection passes through.</summary>
    public ListenerPlan Plan { get; }

    public void Dispose()
    {
        Interlocked.CompareExchange(ref _isOver, 1, 0);
        _timer?.Dispose();
        if (Interlocked.Exchange(ref _isLeft, 1) == 0)
        {
            Plan.Handshakes.Leave();
        }
    }

    private void OnTimeout()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _services.Limits.Reached(Limit.TlsHandshake);
            _services.Log.TlsHandshakeTimeout(Plan.Name, Plan.HandshakeTimeout);
            _connection.Abort();
        }
    }
}
