using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>Counts what HTTP/2 clients did that was refused below the exchange, where no access log says it.</summary>
internal sealed class Http2Metrics(Meter? meter)
{
    private readonly Counter<long>? _refusals = meter?.CreateCounter<long>(
        "filterproxy.downstream.refusals",
        "{refusal}",
        "Connections, streams and requests of HTTP/2 clients that were refused below the exchange, by listener, scope (connection, stream or request) and reason.");

    public void Refused(string listener, string scope, string reason) =>
        _refusals?.Add(1, new("listener", listener), new("scope", scope), new KeyValuePair<string, object?>("reason", reason));
}
