using System.Text;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Breaking;
using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Config;

/// <summary>Makes what keeps a cluster from being overrun, and retry policies, of what was written.</summary>
internal static class GuardCompiler
{
    public static ClusterGuard Compile(string name, ClusterConfig config, Log log, LimitMetrics metrics)
    {
        var limits = config.Limits;
        var requests = new RequestLimiter(limits.Adaptive?.Max ?? limits.MaxRequests, limits.MaxPending, limits.PendingTimeout);
        return new ClusterGuard
        {
            Requests = requests,
            Limits = metrics,
            Log = log,
            Adaptive = limits.Adaptive is { } adaptive ? new AdaptiveLimit(requests, adaptive.Min, adaptive.Max, adaptive.Tolerance) : null,
            Retries = new RequestLimiter(limits.MaxRetries, 0, TimeSpan.Zero),
            EndpointRequests = limits.MaxRequestsPerEndpoint,
            Breaker = config.CircuitBreaker is { } breaker ? new CircuitBreaker(name, RulesOf(breaker), log) : null,
            Fallback = config.Fallback is { } fallback ? Compile(fallback) : null,
            Retry = Compile(config.Retry),
        };
    }

    public static RetryPolicy? Compile(RetryConfig? config) => config is null ? null : new()
    {
        Retries = config.Retries,
        On = config.On.Aggregate(RetryOn.None, static (all, one) => all | Enum.Parse<RetryOn>(one.ToString())),
        Statuses = config.Statuses,
        Headers = [.. config.Headers.Select(header => (Encoding.Latin1.GetBytes(header.Key.ToLowerInvariant()), Encoding.Latin1.GetBytes(header.Value)))],
        GrpcCodes = config.Grpc.Aggregate(0u, static (all, one) => all | (1u << (int)one)),
        Methods = [.. config.Methods.Select(Encoding.ASCII.GetBytes)],
        BackoffBase = (int)config.BackoffBase.TotalMilliseconds,
        BackoffMax = (int)config.BackoffMax.TotalMilliseconds,
        RetryAfterMax = (long)config.RetryAfter.TotalMilliseconds,
        Buffer = (int)Math.Min(config.Buffer.Bytes, int.MaxValue),
        AttemptField = config.AttemptHeader.Length > 0 ? new AttemptField(config.AttemptHeader) : null,
        Budget = new RetryBudget(config.BudgetPercent, config.BudgetMin),
        Hedge = config.Hedge is { } hedge
            ? new HedgeRule((long)hedge.After.TotalMilliseconds, hedge.AfterPercentile / 100, (long)hedge.MinDelay.TotalMilliseconds)
            : null,
    };

    private static BreakerRules RulesOf(CircuitBreakerConfig config) => new(
        config.OpenWhen, (long)config.Window.TotalMilliseconds, config.MinRequests, (long)config.OpenTime.TotalMilliseconds, config.Probes);

    private static ClusterFallback Compile(FallbackConfig config) => config.Respond is { } respond
        ? new ClusterFallback(null, respond.Status, Encoding.UTF8.GetBytes(respond.Body ?? ""), respond.ContentType)
        : new ClusterFallback(config.Cluster, 0, [], "");
}
