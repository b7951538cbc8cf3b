using System.Diagnostics;
using System.Net;
using FilterProxy.Core.Telemetry.Tracing;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// The spans of one exchange: its own, and one per attempt. They are ended together after the exchange, because only its end tells whether
/// they are kept; what they say is noted here and written by <see cref="FinishedTraces"/>. Made for exchanges that are traced; others have
/// none.
/// </summary>
internal sealed class ExchangeTrace
{
    private readonly Activity _root;
    private readonly TimeProvider _time;
    private readonly List<AttemptTrace> _attempts = new(1);
    private readonly bool _keepsErrors;

    // What the exchange, which serves the next request by then, was when it ended.
    private string _method = "", _version = "", _path = "", _listener = "";
    private string? _route, _authority, _requestId, _cluster, _statsReason, _reason;
    private IPAddress? _client, _remote;
    private DateTimeOffset _began, _ended;
    private long _started;
    private int _status;
    private bool _isTls;
    private PhaseLog? _phases;

    private ExchangeTrace(Activity root, bool keepsErrors, TimeProvider time)
    {
        _root = root;
        _keepsErrors = keepsErrors;
        _time = time;
    }

    /// <summary>The span of the exchange.</summary>
    public Activity Root => _root;

    /// <summary>The current attempt. Put aside while another begins beside it.</summary>
    public AttemptTrace? Attempt { get; set; }

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
        if (!parent.IsEmpty && x.Request.Headers.TryGet(KnownHeader.TraceState, out var state))
        {
            root.TraceStateString = System.Text.Encoding.Latin1.GetString(state);
        }

        return new ExchangeTrace(root, keepsErrors, x.Stats.TimeProvider);
    }

    /// <summary>An attempt begins.</summary>
    public void BeginAttempt(ProxyExchange x)
    {
        EndAttempt(default, 0);
        var now = _time.GetUtcNow();
        if (Start(x.Request.MethodText, ActivityKind.Client, _root.Context, now) is not { } span)
        {
            Upstream = new TraceContext(_root);
            return;
        }

        SetSampled(span, _root.Recorded);
        Upstream = new TraceContext(span);
        Attempt = new AttemptTrace(span, x, now);
        _attempts.Add(Attempt);
    }

    /// <summary>An attempt has its response head, or has failed.</summary>
    public void EndAttempt(in ProxyError error, int status)
    {
        if (Attempt is { } attempt)
        {
            attempt.Reason = error.IsError ? LocalReplies.ReasonOf(error) : null;
            attempt.Status = status;
            attempt.Ended = _time.GetUtcNow();
            Attempt = null;
        }
    }

    /// <summary>An attempt is over that ran beside the current one.</summary>
    /// <param name="attempt">Which; null where it has none.</param>
    /// <param name="error">How it failed by itself; none where it was broken off.</param>
    public void EndBeside(AttemptTrace? attempt, in ProxyError error)
    {
        Attempt = attempt;
        if (attempt is not null)
        {
            attempt.Outcome = error.IsError ? "failed" : "hedge_lost";
        }

        EndAttempt(error, 0);
    }

    /// <summary>The exchange is over: its spans go to who wants them.</summary>
    public void End(ProxyExchange x)
    {
        EndAttempt(x.Error, 0);
        _ended = _time.GetUtcNow();
        _status = x.Response.StatusCode;
        var failed = x.Error.IsError || _status is 0 or >= 500;
        if (failed && _keepsErrors && !_root.Recorded)
        {
            SetSampled(_root, true);
            _attempts.ForEach(static attempt => SetSampled(attempt.Span, true));
            x.Trace = x.Trace.With(isSampled: true);
        }

        if (!_root.Recorded)
        {
            Write();
            return;
        }

        var request = x.Request;
        _method = request.MethodText;
        _route = x.RouteName;
        _version = request.Version switch { HttpVersionKind.Http10 => "1.0", HttpVersionKind.Http2 => "2", _ => "1.1" };
        _path = request.PathText;
        _authority = request.AuthorityText;
        _requestId = request.Headers["x-request-id"];
        _listener = x.Downstream.ListenerName;
        _isTls = x.Downstream.IsTls;
        _client = x.Downstream.ClientAddress;
        _remote = x.Downstream.RemoteAddress;
        _cluster = x.Cluster?.Name;
        _statsReason = x.Stats.Reason;
        _reason = x.Error.IsError ? LocalReplies.ReasonOf(x.Error) : null;
        _began = x.Stats.StartTime;
        _started = x.Stats.Started;
        _phases = x.Phases;
        FinishedTraces.Shared.Add(this);
    }

    /// <summary>Writes down what is known, and ends the spans.</summary>
    public void Write()
    {
        if (_root.Recorded)
        {
            WriteTags();
            WriteEvents();
        }

        foreach (var attempt in _attempts)
        {
            attempt.Write();
        }

        _root.SetEndTime(_ended.UtcDateTime);
        Stop(_root);
    }

    /// <summary>What every span says of how it went.</summary>
    internal static void Describe(Activity span, string? reason, int status, bool isFailure)
    {
        if (status > 0)
        {
            Tag(span, "http.response.status_code", status);
        }

        if (reason is not null || isFailure)
        {
            Tag(span, "error.type", reason ?? status.ToString(System.Globalization.CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>Says one thing more, where there is something to say. Nothing is said twice, which the span would have to look for.</summary>
    internal static void Tag(Activity span, string name, object? value)
    {
        if (value is not null)
        {
            span.AddTag(name, value);
        }
    }

    internal static void Stop(Activity span)
    {
        var before = Activity.Current;
        span.Stop();
        Activity.Current = before;
    }

    private void WriteTags()
    {
        _root.DisplayName = _route is null ? _method : $"{_method} {_route}";
        Tag(_root, "http.request.method", _method);
        Tag(_root, "url.scheme", _isTls ? "https" : "http");
        Tag(_root, "network.protocol.version", _version);
        Tag(_root, "client.address", _client?.ToString());
        Tag(_root, "network.peer.address", _remote?.ToString());
        Tag(_root, "filterproxy.listener", _listener);
        Tag(_root, "filterproxy.request_id", _requestId);
        Tag(_root, "url.path", _path);
        Tag(_root, "server.address", _authority);
        Tag(_root, "filterproxy.route", _route);
        Tag(_root, "filterproxy.cluster", _cluster);
        Tag(_root, "filterproxy.reason", _statsReason);
        Describe(_root, _reason, _status, isFailure: _status is 0 or >= 500);
    }

    private void WriteEvents()
    {
        // One for all: an event copies its tags.
        var tags = new ActivityTagsCollection();
        foreach (var attempt in _attempts)
        {
            if (attempt.Number > 1)
            {
                tags["filterproxy.attempt"] = attempt.Number;
                _root.AddEvent(new ActivityEvent("retry", attempt.Began, tags));
            }
        }

        foreach (var entry in _phases?.Entries ?? [])
        {
            tags.Clear();
            tags["filterproxy.duration_ms"] = _time.GetElapsedTime(entry.Began, Math.Max(entry.Began, entry.Ended)).TotalMilliseconds;
            if (entry.Filter is not null)
            {
                tags["filterproxy.phase"] = entry.Phase;
            }

            if (entry.Outcome is not null)
            {
                tags["filterproxy.outcome"] = entry.Outcome;
            }

            _root.AddEvent(new ActivityEvent(entry.Filter is null ? entry.Phase : $"filter {entry.Filter}", _began + _time.GetElapsedTime(_started, entry.Began), tags));
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
}
