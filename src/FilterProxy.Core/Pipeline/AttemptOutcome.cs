using System.Diagnostics;
using FilterProxy.Core.Clusters;

namespace FilterProxy.Core.Pipeline;

/// <summary>Tells those who watch an endpoint how an attempt on it ended. What the client or a filter broke says nothing about it.</summary>
internal static class AttemptOutcome
{
    /// <summary>The attempt has its response's head, or has failed.</summary>
    public static void Tell(ProxyExchange x)
    {
        if (x.Peer?.Endpoint is not { Observer: not null } endpoint || x.HasReply)
        {
            return;
        }

        if (!x.Error.IsError)
        {
            endpoint.Observe(new Outcome(x.Response.StatusCode, ProxyErrorKind.None, Elapsed(x, x.Stats.ResponseStarted)));
        }
        else if (x.Error.Source == ErrorSource.Upstream && x.Error.Kind is not (ProxyErrorKind.RouteTimeout or ProxyErrorKind.Overloaded))
        {
            endpoint.Observe(new Outcome(0, x.Error.Kind, Elapsed(x, x.Stats.TimeProvider.GetTimestamp())));
        }
    }

    /// <summary>The exchange is over: its body may have broken off after a good head.</summary>
    public static void TellEnd(ProxyExchange x)
    {
        if (x.Error.Kind == ProxyErrorKind.UpstreamBodyFailed || x.BreakKind == ProxyErrorKind.UpstreamBodyFailed)
        {
            x.Peer?.Endpoint.Observe(new Outcome(0, ProxyErrorKind.UpstreamBodyFailed, default));
        }
    }

    /// <summary>An attempt is over that ran beside the one that goes on.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="error">How it failed by itself; none where it was broken off.</param>
    /// <param name="status">What it was answered with; 0 for nothing.</param>
    /// <param name="waited">How long.</param>
    public static void TellBeside(Endpoint endpoint, in ProxyError error, int status, TimeSpan waited)
    {
        if (error.IsError ? error.Source == ErrorSource.Upstream : status > 0)
        {
            endpoint.Observe(new Outcome(error.IsError ? 0 : status, error.Kind, waited));
        }
        else if (!error.IsError && EndpointState.Of(endpoint).Latency is var latency && latency.Read(Stopwatch.GetTimestamp()) < waited.TotalSeconds)
        {
            // Nothing came, but this much is known: it is no faster than that.
            latency.Add(waited.TotalSeconds, Stopwatch.GetTimestamp());
        }
    }

    private static TimeSpan Elapsed(ProxyExchange x, long until) =>
        x.Upstream.Stage == UpstreamStage.Connect ? TimeSpan.Zero : x.Stats.TimeProvider.GetElapsedTime(x.Stats.UpstreamConnected, until);
}
