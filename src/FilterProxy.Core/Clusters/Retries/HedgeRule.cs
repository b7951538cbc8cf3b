using FilterProxy.Core.Clusters.Breaking;

namespace FilterProxy.Core.Clusters.Retries;

/// <summary>
/// How long a request may be without an answer before it is sent to another endpoint as well: a time, or longer than this part of the
/// requests before it took.
/// </summary>
/// <param name="after">Milliseconds, for as long as the quantile is not known; 0 sends none before it is.</param>
/// <param name="quantile">The part, below 1; 0 goes by the time alone.</param>
/// <param name="min">Milliseconds it is at the least, whatever the quantile says.</param>
internal sealed class HedgeRule(long after, double quantile, long min)
{
    /// <summary>Answers of the last <see cref="Window"/> that it takes to know a quantile.</summary>
    public const int MinAnswers = 100;

    /// <summary>Milliseconds it looks back.</summary>
    public const long Window = 30_000;

    /// <summary>Milliseconds for which a quantile is good.</summary>
    private const long Step = 250;

    private readonly BreakerWindow? _answers = quantile > 0 ? new BreakerWindow(Window, []) : null;
    private int _working;
    private long _dueAt;
    private long _known = -1;

    /// <summary>The milliseconds by now; 0 while no request is to be sent twice.</summary>
    /// <param name="now">Heartbeat milliseconds.</param>
    public long DelayAt(long now)
    {
        if (_answers is { } answers && now >= Volatile.Read(ref _dueAt) && Interlocked.Exchange(ref _working, 1) == 0)
        {
            answers.Advance(now);
            Volatile.Write(ref _known, answers.Requests >= MinAnswers ? Math.Max(min, (long)Math.Ceiling(answers.Latency(quantile))) : -1);
            Volatile.Write(ref _dueAt, now + Step);
            Volatile.Write(ref _working, 0);
        }

        return Volatile.Read(ref _known) is >= 0 and var known ? known : after;
    }

    /// <summary>A request has its answer.</summary>
    /// <param name="took">Since it was sent first: of one that was sent twice that is no less than the delay, which keeps the quantile where it is.</param>
    public void Add(TimeSpan took) => _answers?.Add(new Outcome(200, ProxyErrorKind.None, took));
}
