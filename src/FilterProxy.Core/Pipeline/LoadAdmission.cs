using FilterProxy.Core.Overload;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Whether the process takes a request now that there may be too much to do. Asked after routing, which tells the priority, and before the
/// route's filters, which cost the most.
/// </summary>
internal static class LoadAdmission
{
    /// <summary>Metadata by which a filter says a request's priority: <c>low</c>, <c>normal</c> or <c>high</c>. It goes before the route's.</summary>
    public const string Namespace = "overload", Key = "priority";

    /// <summary>False when the exchange has its answer.</summary>
    public static ValueTask<bool> AdmitAsync(ProxyExchange x)
    {
        var load = x.Services.Load;
        var priority = PriorityOf(x);
        if (priority == RequestPriority.Low && load.Stage >= OverloadStage.Shed)
        {
            return new(Shed(x, Limit.OverloadShed, priority));
        }

        var gate = load.Gate;
        if (gate.Max == 0)
        {
            return new(true);
        }

        if (!gate.TryEnter())
        {
            return WaitAsync(x, gate, priority);
        }

        x.Gate = gate;
        return new(true);
    }

    private static async ValueTask<bool> WaitAsync(ProxyExchange x, ExchangeGate gate, RequestPriority priority)
    {
        x.Phases?.Enter("overload.queue");
        var limit = await gate.EnterAsync(priority, x.Aborted);
        await Hop.BackTo(x.Loop);
        if (limit == Limit.None)
        {
            x.Gate = gate;
            x.Phases?.Enter("route.request_filter");
        }

        if (x.BreakError is { } broken)
        {
            x.Error = broken;
            return false;
        }

        return limit == Limit.None || Shed(x, limit ?? Limit.OverloadQueueDeadline, priority);
    }

    private static bool Shed(ProxyExchange x, Limit limit, RequestPriority priority)
    {
        var reason = Limits.ReasonOf(limit);
        x.Error = new ProxyError(ProxyErrorKind.Overloaded, ErrorSource.Internal, Retryable: false, Detail: Limits.DetailOf(limit));
        x.Services.Limits.Reached(limit);
        if (x.Services.Overload.Shed(reason, OverloadNames.Of(priority), x.Heartbeat.Now, out var skipped))
        {
            x.Services.Log.RequestShed(OverloadNames.Of(priority), x.RouteName ?? "-", reason, skipped);
        }

        return false;
    }

    private static RequestPriority PriorityOf(ProxyExchange x) =>
        (x.HasMetadata ? OverloadNames.PriorityOf(x.Metadata[Namespace, Key]) : null) ?? x.Route!.Priority;
}
