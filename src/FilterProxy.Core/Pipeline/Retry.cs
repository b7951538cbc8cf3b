using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Whether a failed attempt is followed by another. Without a policy two things are retried: a connect that failed, on another
/// endpoint; and a pooled connection that had closed before a response byte, when the request may be repeated.
/// </summary>
internal static class Retry
{
    /// <summary>Attempts at the most, whatever filters advise.</summary>
    private const int MaxAttempts = 16;

    /// <summary>Times the last endpoint there is may refuse a request before the client is told.</summary>
    private const int MaxRefusals = 3;

    public static async ValueTask<bool> AgainAsync(ProxyExchange x)
    {
        if (!x.Error.IsError)
        {
            return false;
        }

        if (x.Peer is null || x.HasReply || x.ApplyDeferredReply() || x.BreakKind != ProxyErrorKind.None)
        {
            return false;
        }

        x.Stats.FailAttempt(x.Error);
        x.Services.Log.AttemptFailed(x.Attempt, x.Peer, x.Error);
        if (x.Error.Source == ErrorSource.Upstream)
        {
            x.Services.Limits.Reached(Limits.Of(x.Error));
        }

        var failure = new UpstreamFailure(x.Upstream.Stage, x.Upstream.IsReused, x.Error);
        var advice = await x.Chain.OnUpstreamErrorAsync(x, failure);
        await x.Upstream.EndAttemptAsync();
        if (x.Attempt >= MaxAttempts || advice == RetryAdvice.Forbid || !CanReplay(x, failure, advice) || !HasSomewhereToGo(x, failure))
        {
            return false;
        }

        x.Services.Metrics?.CountRetry(x, failure.Error);
        return true;
    }

    /// <summary>Whether the body is worth keeping for another attempt.</summary>
    public static bool MayReplay(ProxyExchange x) => IsIdempotent(x.Request.MethodKind) || x.Chain.HasUpstreamErrorFilters;

    private static bool CanReplay(ProxyExchange x, in UpstreamFailure failure, RetryAdvice advice)
    {
        if (failure.Error.Source != ErrorSource.Upstream)
        {
            return false;
        }

        if (failure.Stage == UpstreamStage.Connect)
        {
            // Nothing was sent: any request may try elsewhere.
            return failure.Error.Retryable;
        }

        if (x.Upstream.WasRefused)
        {
            // RFC 9113 §8.7: the upstream did nothing with it, so that any request may be sent again.
            return x.Pump.TryReplay();
        }

        // RFC 9110 §9.2.2: a proxy must not repeat a request that is not idempotent on its own account.
        var wanted = advice == RetryAdvice.Retry || (failure.Reused && failure.Error.Retryable && IsIdempotent(x.Request.MethodKind));
        return wanted && x.Pump.TryReplay();
    }

    private static bool HasSomewhereToGo(ProxyExchange x, in UpstreamFailure failure)
    {
        if (failure.Stage != UpstreamStage.Connect && failure.Reused)
        {
            // The endpoint may be well, only the idle connection was not.
            x.NeedsFreshConnection = true;
            return true;
        }

        x.NeedsFreshConnection = false;
        x.Tried.Add(x.Peer!.Endpoint);
        foreach (var endpoint in (x.Cluster?.Endpoints ?? EndpointSet.Empty).Span)
        {
            if (!x.Tried.Contains(endpoint))
            {
                return true;
            }
        }

        // Who refuses may only be replacing the connection: where there is no other endpoint, the same one is asked again.
        return x.Upstream.WasRefused && ++x.Refusals < MaxRefusals && x.Tried.Remove(x.Peer.Endpoint);
    }

    private static bool IsIdempotent(HttpMethodKind method) =>
        method is HttpMethodKind.Get or HttpMethodKind.Head or HttpMethodKind.Options or HttpMethodKind.Trace
            or HttpMethodKind.Put or HttpMethodKind.Delete;
}
