using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>Counts the requests that were refused because the proxy had too much to do.</summary>
/// <param name="meter">The engine's; null counts nothing.</param>
internal sealed class OverloadMetrics(Meter? meter)
{
    private readonly Counter<long>? _shed = meter?.CreateCounter<long>(
        "filterproxy.overload.shed", "{request}", "Requests refused because the proxy had too much to do, by reason code and priority.");

    private Sampler _lines;

    /// <summary>A request was refused. Whether the log should say so.</summary>
    /// <param name="reason">Its reason code.</param>
    /// <param name="priority">Of the request.</param>
    /// <param name="now">The coarse clock, in milliseconds.</param>
    /// <param name="skipped">How many the log left out.</param>
    public bool Shed(string reason, string priority, long now, out long skipped)
    {
        _shed?.Add(1, new KeyValuePair<string, object?>("reason", reason), new KeyValuePair<string, object?>("priority", priority));
        return _lines.TryTake(now, out skipped);
    }
}
