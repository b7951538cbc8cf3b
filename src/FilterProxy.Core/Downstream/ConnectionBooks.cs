using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>What is kept of one connection for the filters that are told of its end.</summary>
internal sealed class ConnectionBooks
{
    private readonly ConnectionContext _connection;
    private readonly ListenerPlan _plan;
    private readonly ProxyServices _services;
    private readonly ConnectionReport _report;
    private readonly CountedTransport? _counted;
    private readonly long _began;

    private ConnectionBooks(ConnectionContext connection, ListenerPlan plan, ProxyServices services)
    {
        (_connection, _plan, _services) = (connection, plan, services);
        _began = services.Time.GetTimestamp();
        _report = new ConnectionReport { Listener = plan.Name };
        connection.Features.Set(_report);

        // A socket that has been reset knows its addresses no more.
        connection.RemoteEndPoint = connection.RemoteEndPoint;
        if (connection is not SocketConnection)
        {
            connection.Transport = _counted = new CountedTransport(connection.Transport);
        }
    }

    /// <summary>Begins to keep them.</summary>
    public static ConnectionBooks Open(ConnectionContext connection, ListenerPlan plan, ProxyServices services) => new(connection, plan, services);

    /// <summary>The connection is over: tells the filters.</summary>
    public void Close()
    {
        var (received, sent) = _connection is SocketConnection socket
            ? (socket.Input.Received, socket.Output.Sent)
            : (_counted!.Received, _counted.Sent);
        var stats = new ConnectionStats(received, sent, _services.Time.GetElapsedTime(_began), _report.Reason ?? "closed");
        foreach (var (name, filter) in _plan.Loggers)
        {
            try
            {
                filter.OnConnectionClosed(_connection, stats);
            }
            catch (Exception e)
            {
                _services.Filters.Failed(name, "connection_logging");
                _services.Log.ConnectionFilterFailure(e, name, _plan.Name);
            }
        }
    }
}
