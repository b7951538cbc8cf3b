using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Whether an attempt is followed by another. Without a policy two things are retried: a connect that failed, on another endpoint; and a
/// pooled connection that had closed before a response byte, when the request may be repeated. A policy (<see cref="RetryPolicy"/>)
/// says more, and how often.
/// </summary>
internal static class Retry
{
    /// <summary>Times the last endpoint there is may refuse a request before the client is told.</summary>
    private const int MaxRefusals = 3;

    public static ValueTask<bool> AgainAsync(ProxyExchange x)
    {
        AttemptOutcome.Tell(x);
        if (x.Error.IsError)
        {
            return AgainAfterErrorAsync(x);
        }

        return x.RetryPolicy is { } policy && !x.HasReply && x.Response.StatusCode != 0 && policy.Wants(x.Response)
            ? AgainAfterResponseAsync(x, policy)
            : default;
    }

    /// <summary>Whether the body is worth keeping for another attempt.</summary>
    public static bool MayReplay(ProxyExchange x) =>
        IsIdempotent(x.Request.MethodKind) || x.Chain.HasUpstreamErrorFilters || x.RetryPolicy?.MayRepeat(x.Request.Method) == true;

    private static async ValueTask<bool> AgainAfterErrorAsync(ProxyExchange x)
    {
        if (x.Peer is null || x.HasReply || x.ApplyDeferredReply() || x.BreakKind != ProxyErrorKind.None)
        {
            return false;
        }

        x.LastError = x.Error;
        x.Stats.FailAttempt(x.Error);
        x.Services.Log.AttemptFailed(x.Attempt, x.Peer, x.Error, x.IsDebugged);
        if (x.Error.Source == ErrorSource.Upstream)
        {
            x.Services.Limits.Reached(Limits.Of(x.Error));
        }

        var failure = new UpstreamFailure(x.Upstream.Stage, x.Upstream.IsReused, x.Error);
        var advice = await x.Chain.OnUpstreamErrorAsync(x, failure);
        await x.Upstream.EndAttemptAsync();
        x.ReleaseEndpoint();
        if (x.Attempt >= RetryPolicy.MaxAttempts || advice == RetryAdvice.Forbid || failure.Error.Source != ErrorSource.Upstream)
        {
            return false;
        }

        if (IsStale(x, failure) && advice != RetryAdvice.Retry)
        {
            // The endpoint may be well, only the idle connection was not: no attempt of the policy's.
            x.NeedsFreshConnection = true;
            return Counted(x, failure.Error, x.Pump.TryReplay());
        }

        return Counted(x, failure.Error, advice != RetryAdvice.Retry && x.RetryPolicy is { } policy
            ? await AgainByPolicyAsync(x, policy, failure)
            : CanReplay(x, failure, advice) && HasSomewhereToGo(x, failure));
    }

    private static bool Counted(ProxyExchange x, in ProxyError error, bool again)
    {
        if (again)
        {
            x.Services.Metrics?.CountRetry(x, error);
        }

        return again;
    }

    private static async ValueTask<bool> AgainByPolicyAsync(ProxyExchange x, RetryPolicy policy, UpstreamFailure failure)
    {
        // RFC 9110 §9.2.2: what an endpoint may have acted on is repeated for methods only that the policy names.
        var isUnseen = failure.Stage == UpstreamStage.Connect || x.Upstream.WasRefused;
        if (!policy.Wants(failure.Stage, failure.Error, x.Upstream.WasRefused)
            || !(isUnseen || policy.MayRepeat(x.Request.Method))
            || !x.Pump.CanReplay
            || !TrySpend(x, policy))
        {
            return false;
        }

        x.NeedsFreshConnection = false;
        x.Tried.Add(x.Peer!.Endpoint);
        return x.Pump.TryReplay() && await WaitAsync(x, policy.WaitBefore(x.PolicyRetries));
    }

    private static async ValueTask<bool> AgainAfterResponseAsync(ProxyExchange x, RetryPolicy policy)
    {
        // As long as the request is on its way the endpoint may yet change its mind, and the body is not whole.
        var wait = WaitFor(x, policy);
        if (x.BreakKind != ProxyErrorKind.None || x.Attempt >= RetryPolicy.MaxAttempts || x.Upstream.IsSwitched || x.Upstream.IsPumping || wait < 0
            || !policy.MayRepeat(x.Request.Method) || !x.Pump.CanReplay || !TrySpend(x, policy))
        {
            return false;
        }

        await x.Upstream.EndAttemptAsync();
        x.ReleaseEndpoint();
        x.NeedsFreshConnection = false;
        x.Tried.Add(x.Peer!.Endpoint);
        x.LastError = default;
        x.Pump.TryReplay();
        return Counted(x, default, await WaitAsync(x, Math.Max(wait, policy.WaitBefore(x.PolicyRetries))));
    }

    /// <summary>Milliseconds a response asks to wait; below zero when that is longer than the policy would.</summary>
    private static int WaitFor(ProxyExchange x, RetryPolicy policy)
    {
        if (policy.RetryAfterMax == 0 || !x.Response.Headers.TryGet("retry-after"u8, out var value)
            || !System.Buffers.Text.Utf8Parser.TryParse(value, out uint seconds, out var length) || length != value.Length)
        {
            return 0;
        }

        return seconds * 1000L <= policy.RetryAfterMax ? (int)(seconds * 1000) : -1;
    }

    /// <summary>Whether the policy has an attempt left, and the cluster's budget one to spare.</summary>
    private static bool TrySpend(ProxyExchange x, RetryPolicy policy)
    {
        if (x.PolicyRetries >= policy.Retries)
        {
            x.Stats.Flags |= policy.Retries > 0 ? ResponseFlags.UpstreamRetryLimitExceeded : ResponseFlags.None;
            return false;
        }

        var limit = x.TakeRetry();
        if (limit == Limit.None)
        {
            x.PolicyRetries++;
            return true;
        }

        x.Stats.Flags |= ResponseFlags.UpstreamRetryLimitExceeded;
        x.Services.Limits.Reached(limit);
        if (x.Entered is { } cluster && cluster.Guard.RetryComplaints.TryTake(x.Heartbeat.Now, out var skipped))
        {
            x.Services.Log.RetryNotTaken(cluster.Name, Limits.ReasonOf(limit), skipped);
        }

        return false;
    }

    private static async ValueTask<bool> WaitAsync(ProxyExchange x, int milliseconds)
    {
        if (milliseconds > 0)
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), x.Services.Time, x.Aborted);
            }
            catch (OperationCanceledException)
            {
                // Told below.
            }

            await Hop.BackTo(x.Loop);
        }

        if (x.BreakError is { } broken)
        {
            x.Error = broken;
            return false;
        }

        return true;
    }

    /// <summary>An idle connection that had died before the request reached anyone, as far as can be told.</summary>
    private static bool IsStale(ProxyExchange x, in UpstreamFailure failure) =>
        failure is { Reused: true, Error.Retryable: true } && failure.Stage != UpstreamStage.Connect && !x.Upstream.WasRefused
        && IsIdempotent(x.Request.MethodKind);

    private static bool CanReplay(ProxyExchange x, in UpstreamFailure failure, RetryAdvice advice)
    {
        if (failure.Stage == UpstreamStage.Connect)
        {
            // Nothing was sent: any request may try elsewhere.
            return failure.Error.Retryable;
        }

        // RFC 9113 §8.7: an upstream that refused did nothing with it, so that any request may be sent again. Otherwise, RFC 9110 §9.2.2:
        // a proxy must not repeat a request that is not idempotent on its own account.
        return (x.Upstream.WasRefused || advice == RetryAdvice.Retry) && x.Pump.TryReplay();
    }

    private static bool HasSomewhereToGo(ProxyExchange x, in UpstreamFailure failure)
    {
        if (failure.Stage != UpstreamStage.Connect && failure.Reused)
        {
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
