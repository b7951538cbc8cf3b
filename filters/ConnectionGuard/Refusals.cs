using System.Diagnostics.Metrics;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Ends connections that may not pass: counted, and said once in a while.</summary>
internal sealed class Refusals(ComponentContext context, string reason)
{
    private readonly Occasion _occasion = new(context.Time);
    private readonly Counter<long> _refused = context.Meter.CreateCounter<long>(
        "filterproxy.connection_guard.refused", "{connection}", "Connections that connection_limit, connection_rate or connection_rbac refused, by which of them.");

    /// <summary>Resets it: with nothing read and nothing said, that costs least, and the client knows at once.</summary>
    public Task Refuse(ConnectionContext connection)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
        ConnectionReport.End(connection, reason);
        if (_occasion.TryTake(out var skipped))
        {
            Log.Refused(context.Logger, connection.RemoteEndPoint?.ToString() ?? "a unix socket", reason, skipped);
        }

        connection.Abort(new ConnectionAbortedException(reason));
        return Task.CompletedTask;
    }
}
