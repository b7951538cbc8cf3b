using System.Collections.Concurrent;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Downstream;

/// <summary>What a listener refuses of HTTP/2 clients below the exchange: all of it is counted, and said once in a while for each kind.</summary>
internal sealed class Http2Refusals(ConnectionEntry entry, ProxyServices services)
{
    private readonly ConcurrentDictionary<string, Kind> _kinds = new();

    /// <param name="scope">What was refused: <c>connection</c>, <c>stream</c> or <c>request</c>.</param>
    /// <param name="reason">Why, of few words: the metric has it as a label.</param>
    /// <param name="connection">The identifier of its connection.</param>
    /// <param name="detail">Why, for people.</param>
    public void Add(string scope, string reason, string? connection, string detail)
    {
        var listener = entry.Plan.Name;
        services.Http2.Refused(listener, scope, reason);
        if (TryTake(scope + reason, out var skipped))
        {
            services.Log.Http2Refused(listener, scope, connection is null ? "-" : services.Connections.ClientOf(connection), reason, detail, skipped);
        }
    }

    /// <summary>Whether an event of a kind is to be said now.</summary>
    public bool TryTake(string kind, out long skipped) => _kinds.GetOrAdd(kind, static _ => new Kind()).Sampler.TryTake(services.Heartbeat.Now, out skipped);

    private sealed class Kind
    {
        public Sampler Sampler;
    }
}
