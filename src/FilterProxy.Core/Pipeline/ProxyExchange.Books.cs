using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.Core.Telemetry.Tracing;

namespace FilterProxy.Core.Pipeline;

/// <summary>What is kept about an exchange for those who watch the proxy: counts, and for those that are traced or debugged, spans and phases.</summary>
internal abstract partial class ProxyExchange
{
    private ExchangeTrace? _spans;

    /// <summary>Where it is counted as under way; null where it is not.</summary>
    public Cells? CountedIn { get; set; }

    /// <summary>Its phases, where it is traced or debugged; null where nobody asks.</summary>
    public PhaseLog? Phases { get; private set; }

    /// <summary>Whether somebody with the key asked to have it debugged.</summary>
    public bool IsDebugged { get; private set; }

    /// <summary>The exchange begins.</summary>
    public void OpenBooks()
    {
        Services.Metrics?.Begin(this);
        if (Snapshot.IsWatched)
        {
            BeginWatch();
        }
    }

    /// <summary>An attempt begins: it has its peer.</summary>
    public void BeginAttemptSpan()
    {
        Phases?.Enter("connect");
        _spans?.BeginAttempt(this);
    }

    /// <summary>The trace of the attempt under way; null where it has none. It is put aside while another begins beside it.</summary>
    public AttemptTrace? AttemptSpan
    {
        get => _spans?.Attempt;
        set
        {
            if (_spans is { } spans)
            {
                spans.Attempt = value;
            }
        }
    }

    /// <summary>An attempt is over that ran beside the one that goes on.</summary>
    public void EndAttemptSpan(AttemptTrace? span, in ProxyError error) => _spans?.EndBeside(span, error);

    /// <summary>An attempt has its response head, or has failed.</summary>
    public void NoteAttempt()
    {
        Services.Metrics?.RecordAttempt(this);
        if (Phases is { } phases)
        {
            phases.Note(Error.IsError ? Error.Detail ?? LocalReplies.ReasonOf(Error) : HasReply ? "reply" : $"{Response.StatusCode}");
            _spans?.EndAttempt(Error, HasReply ? 0 : Response.StatusCode);
        }
    }

    /// <summary>Tells the upstream of the current attempt where it stands in the trace.</summary>
    public void PropagateTrace(RequestHead attempt)
    {
        if (Snapshot.Tracing is { } rules)
        {
            TraceHeaders.Write(attempt.Headers, rules.Formats, _spans?.Upstream ?? Trace);
        }
    }

    /// <summary>The exchange is over, and its <see cref="HttpExchange.Stats"/> are complete.</summary>
    private void CloseBooks()
    {
        if (Phases is { } phases)
        {
            phases.End(Error.IsError ? LocalReplies.ReasonOf(Error) : HasReply ? "reply" : null);
            if (IsDebugged)
            {
                Services.Log.ExchangeDebugged(this, phases);
            }

            _spans?.End(this);
        }

        Services.Metrics?.End(this);
    }

    private void ResetBooks()
    {
        _spans = null;
        Phases = null;
        IsDebugged = false;
    }

    private void BeginWatch()
    {
        IsDebugged = Snapshot.Debug?.Take(Request.Headers, Stats.TimeProvider.GetUtcNow()) == true;
        if (Snapshot.Tracing is { } rules)
        {
            BeginTrace(rules);
        }

        if (_spans is not null || IsDebugged)
        {
            Phases = new PhaseLog(Stats.TimeProvider);
            Phases.Enter("request_filter");
        }
    }

    private void BeginTrace(TracingRules rules)
    {
        var parent = TraceHeaders.Read(Request.Headers, rules.Formats, out var isDecided);
        var isFollowed = isDecided && (rules.Parent == TraceTrust.Anyone || (rules.Parent == TraceTrust.Trusted && Rules.Forwarding.Trusts(Downstream.RemoteAddress)));
        var trace = parent.IsEmpty ? TracingRules.NewTrace(isSampled: false) : parent;
        var isSampled = IsDebugged || (isFollowed ? parent.IsSampled : rules.IsChosen(trace));
        if (parent.IsEmpty && Request.Headers.Contains(KnownHeader.TraceState))
        {
            // What it goes with is not there, or was not readable (W3C Trace Context §3.3).
            Request.Headers.Remove(KnownHeader.TraceState);
        }

        if ((isSampled || rules.Errors) && TracingRules.Source.HasListeners())
        {
            _spans = ExchangeTrace.Begin(this, parent, isSampled, rules.Errors);
        }

        Trace = _spans is not null ? new TraceContext(_spans.Root)
            : parent.IsEmpty ? trace
            : parent.With(isFollowed && parent.IsSampled);
        Activity = _spans?.Root;
    }
}
