using System.Diagnostics;
using System.Net;
using FilterProxy.Core.Telemetry.Tracing;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// The spans of one exchange: its own, and one per attempt. They are ended together with the exchange, because only its end tells whether
/// they are kept. Made for exchanges that are traced; others have none.
/// </summary>
internal sealed class ExchangeTrace
{
    private readonly Activity _root;
    private readonly TimeProvider _time;
    private readonly List<Activity> _attempts = [];
    private readonly bool _keepsErrors;

    private ExchangeTrace(Activity root, bool keepsErrors, TimeProvider time)
    {
        _root = root;
        _keepsErrors = keepsErrors;
        _time = time;
    }

    /// <summary>The span of the exchange.</summary>
    public Activity Root => _root;

    /// <summary>The span of the current attempt. Put aside while another begins beside it.</summary>
    public Activity? Attempt { get; set; }

    /// <summary>Where the upstream of the current attempt stands.</summary>
    public TraceContext Upstream { get; private set; }

    /// <summary>Begins the span of an exchange; null when nobody wants it.</summary>
    public static ExchangeTrace? Begin(ProxyExchange x, in TraceContext parent, bool isSampled, bool keepsErrors)
    {
        if (Start("HTTP", ActivityKind.Server, parent.ToActivityContext(), x.Stats.StartTime) is not { } root)
        {
            return null;
        }

        SetSampled(root, isSampled);
        var request = x.Request;
        root.DisplayName = $"{request.MethodText} {x.RouteName}".TrimEnd();
        root.SetTag("http.request.method", request.MethodText);
        root.SetTag("url.scheme", x.Downstream.IsTls ? "https" : "http");
        root.SetTag("network.protocol.version", request.Version switch { HttpVersionKind.Http10 => "1.0", HttpVersionKind.Http2 => "2", _ => "1.1" });
        root.SetTag("client.address", x.Downstream.ClientAddress?.ToString());
        root.SetTag("network.peer.address", x.Downstream.RemoteAddress?.ToString());
        root.SetTag("filterproxy.listener", x.Downstream.ListenerName);
        root.SetTag("filterproxy.request_id", x.Request.Headers["x-request-id"]);
        if (request.Headers.TryGet(KnownHeader.TraceState, out var state) && !parent.IsEmpty)
        {
            root.TraceStateString = System.Text.Encoding.Latin1.GetString(state);
        }

        return new ExchangeTrace(root, keepsErrors, x.Stats.TimeProvider);
    }

    /// <summary>An attempt begins.</summary>
    public void BeginAttempt(ProxyExchange x)
    {
        EndAttempt(default, 0);
        var peer = x.Peer!;
        Attempt = Start(x.Request.MethodText, ActivityKind.Client, _root.Context, _time.GetUtcNow());
        if (Attempt is null)
        {
            Upstream = new TraceContext(_root);
            return;
        }

        SetSampled(Attempt, _root.Recorded);
        Upstream = new TraceContext(Attempt);
        _attempts.Add(Attempt);
        Attempt.SetTag("http.request.method", x.Request.MethodText);
        Attempt.SetTag("filterproxy.cluster", peer.Cluster.Name);
        Attempt.SetTag("filterproxy.endpoint", peer.Endpoint.Name);
        var (host, port) = peer.Endpoint.Address switch
        {
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            DnsEndPoint dns => (dns.Host, dns.Port),
            _ => (peer.Endpoint.Name, 0),
        };
        Attempt.SetTag("server.address", host);
        Attempt.SetTag("server.port", port > 0 ? port : null);
        if (x.Attempt > 1)
        {
            Attempt.SetTag("http.request.resend_count", x.Attempt - 1);
            _root.AddEvent(new ActivityEvent("retry", _time.GetUtcNow(), new ActivityTagsCollection { ["filterproxy.attempt"] = x.Attempt }));
        }
    }

    /// <summary>An attempt has its response head, or has failed.</summary>
    public void EndAttempt(in ProxyError error, int status)
    {
        if (Attempt is { } attempt)
        {
            Describe(attempt, error.IsError ? LocalReplies.ReasonOf(error) : null, status, isFailure: status >= 400);
            attempt.SetEndTime(_time.GetUtcNow().UtcDateTime);
            Attempt = null;
        }
    }

    /// <summary>An attempt is over that ran beside the current one.</summary>
    /// <param name="span">Its own; null where it has none.</param>
    /// <param name="error">How it failed by itself; none where it was broken off.</param>
    public void EndBeside(Activity? span, in ProxyError error)
    {
        Attempt = span;
        Attempt?.SetTag("filterproxy.outcome", error.IsError ? "failed" : "hedge_lost");
        EndAttempt(error, 0);
    }

    /// <summary>The exchange is over: its spans go to who wants them.</summary>
    public void End(ProxyExchange x)
    {
        EndAttempt(x.Error, 0);
        var status = x.Response.StatusCode;
        var failed = x.Error.IsError || status is 0 or >= 500;
        if (failed && _keepsErrors && !_root.Recorded)
        {
            SetSampled(_root, true);
            _attempts.ForEach(static attempt => SetSampled(attempt, true));
            x.Trace = x.Trace.With(isSampled: true);
        }

        if (_root.Recorded)
        {
            DescribeRoot(x, status);
        }

        foreach (var attempt in _attempts)
        {
            Stop(attempt);
        }

        _root.SetEndTime(_time.GetUtcNow().UtcDateTime);
        Stop(_root);
    }

    private void DescribeRoot(ProxyExchange x, int status)
    {
        _root.DisplayName = $"{x.Request.MethodText} {x.RouteName}".TrimEnd();
        _root.SetTag("url.path", x.Request.PathText);
        _root.SetTag("server.address", x.Request.AuthorityText);
        _root.SetTag("filterproxy.route", x.RouteName);
        _root.SetTag("filterproxy.cluster", x.Cluster?.Name);
        _root.SetTag("filterproxy.reason", x.Stats.Reason);
        Describe(_root, x.Error.IsError ? LocalReplies.ReasonOf(x.Error) : null, status, isFailure: status is 0 or >= 500);
        foreach (var entry in x.Phases?.Entries ?? [])
        {
            var tags = new ActivityTagsCollection { ["filterproxy.duration_ms"] = _time.GetElapsedTime(entry.Began, Math.Max(entry.Began, entry.Ended)).TotalMilliseconds };
            if (entry.Filter is not null)
            {
                tags["filterproxy.phase"] = entry.Phase;
            }

            if (entry.Outcome is not null)
            {
                tags["filterproxy.outcome"] = entry.Outcome;
            }

            _root.AddEvent(new ActivityEvent(entry.Filter is null ? entry.Phase : $"filter {entry.Filter}", x.Stats.StartTime + _time.GetElapsedTime(x.Stats.Started, entry.Began), tags));
        }
    }

    private static void Describe(Activity span, string? reason, int status, bool isFailure)
    {
        if (status > 0)
        {
            span.SetTag("http.response.status_code", status);
        }

        if (reason is not null || isFailure)
        {
            span.SetTag("error.type", reason ?? status.ToString(System.Globalization.CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    private static void SetSampled(Activity span, bool isSampled) =>
        span.ActivityTraceFlags = isSampled ? span.ActivityTraceFlags | ActivityTraceFlags.Recorded : span.ActivityTraceFlags & ~ActivityTraceFlags.Recorded;

    // What is current flows along with the thread, and the thread is not the exchange's.
    private static Activity? Start(string name, ActivityKind kind, ActivityContext parent, DateTimeOffset began)
    {
        var before = Activity.Current;
        Activity.Current = null;
        try
        {
            return TracingRules.Source.StartActivity(name, kind, parent, startTime: began);
        }
        finally
        {
            Activity.Current = before;
        }
    }

    private static void Stop(Activity span)
    {
        var before = Activity.Current;
        span.Stop();
        Activity.Current = before;
    }
}
