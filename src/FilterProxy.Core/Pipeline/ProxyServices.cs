using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Pipeline;

/// <summary>What lives as long as the process and every exchange needs.</summary>
internal sealed class ProxyServices(Heartbeat heartbeat, Log log, TimeProvider time)
{
    private volatile bool _draining;

    public Heartbeat Heartbeat { get; } = heartbeat;

    public Log Log { get; } = log;

    public TimeProvider Time { get; } = time;

    public ConnectionTable Connections { get; } = new();

    /// <summary>Whether the process is stopping: connections end after their current exchange.</summary>
    public bool IsDraining => _draining;

    public void BeginDrain()
    {
        _draining = true;
        Connections.Drain();
    }
}
