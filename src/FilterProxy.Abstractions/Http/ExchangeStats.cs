using System.Diagnostics;

namespace FilterProxy;

/// <summary>Envoy's response flags, for logs: why a response is what it is.</summary>
[Flags]
#pragma warning disable CS1591 // The comment names each flag's short form.
public enum ResponseFlags
{
    None = 0,

    /// <summary>UH</summary>
    NoHealthyUpstream = 1 << 0,

    /// <summary>UF</summary>
    UpstreamConnectionFailure = 1 << 1,

    /// <summary>UO</summary>
    UpstreamOverflow = 1 << 2,

    /// <summary>NR</summary>
    NoRouteFound = 1 << 3,

    /// <summary>URX</summary>
    UpstreamRetryLimitExceeded = 1 << 4,

    /// <summary>UC</summary>
    UpstreamConnectionTermination = 1 << 5,

    /// <summary>UT</summary>
    UpstreamRequestTimeout = 1 << 6,

    /// <summary>UPE</summary>
    UpstreamProtocolError = 1 << 7,

    /// <summary>DC</summary>
    DownstreamConnectionTermination = 1 << 8,

    /// <summary>DPE</summary>
    DownstreamProtocolError = 1 << 9,

    /// <summary>DT</summary>
    DurationTimeout = 1 << 10,

    /// <summary>LR</summary>
    LocalReply = 1 << 11,

    /// <summary>RL</summary>
    RateLimited = 1 << 12,

    /// <summary>UAEX</summary>
    UnauthorizedExternalService = 1 << 13,

    /// <summary>FI</summary>
    FaultInjected = 1 << 14,

    /// <summary>OM</summary>
    OverloadManager = 1 << 15,
}
#pragma warning restore CS1591

/// <summary>One try to get a response.</summary>
/// <param name="Endpoint">Where it went; null when none was found.</param>
/// <param name="Reused">Whether the connection came from the pool.</param>
/// <param name="Error">How it failed; none for the one that succeeded.</param>
public readonly record struct Attempt(Endpoint? Endpoint, bool Reused, ProxyError Error);

/// <summary>
/// What happened and when, filled in as the exchange goes. Times are <see cref="Stopwatch"/> ticks, 0 where a point was not
/// reached; bytes of bodies are counted without chunk framing.
/// </summary>
public sealed class ExchangeStats
{
    private Attempt[] _attempts = new Attempt[1];

    internal ExchangeStats()
    {
    }

    /// <summary>Wall-clock start, UTC.</summary>
    public DateTimeOffset StartTime => TimeProvider.GetUtcNow() - TimeProvider.GetElapsedTime(Started);

    /// <summary>The request head was complete.</summary>
    public long Started { get; internal set; }

    /// <summary>The last byte of the request body was read.</summary>
    public long RequestEnded { get; internal set; }

    /// <summary>A connection for the last attempt was there.</summary>
    public long UpstreamConnected { get; internal set; }

    /// <summary>The upstream's response head was complete.</summary>
    public long ResponseStarted { get; internal set; }

    /// <summary>The exchange was over.</summary>
    public long Ended { get; internal set; }

    /// <summary>Bytes of the request head.</summary>
    public long RequestHeadBytes { get; internal set; }

    /// <summary>Bytes of the request body as read from the client.</summary>
    public long RequestBodyBytes { get; internal set; }

    /// <summary>Bytes of the response head as sent to the client.</summary>
    public long ResponseHeadBytes { get; internal set; }

    /// <summary>Bytes of the response body as sent to the client.</summary>
    public long ResponseBodyBytes { get; internal set; }

    /// <summary>Why the response is what it is.</summary>
    public ResponseFlags Flags { get; set; }

    /// <summary>
    /// A stable lower_snake_case code: <c>via_upstream</c>, or what <c>Reply</c> or the error said, e.g. <c>no_route</c>.
    /// </summary>
    public string Reason { get; set; } = "";

    /// <summary>Number of attempts.</summary>
    public int AttemptCount { get; private set; }

    /// <summary>The attempts in order.</summary>
    public ReadOnlySpan<Attempt> Attempts => _attempts.AsSpan(0, AttemptCount);

    /// <summary>From <see cref="Started"/> to <see cref="Ended"/>, or to now.</summary>
    public TimeSpan Duration => TimeProvider.GetElapsedTime(Started, Ended == 0 ? TimeProvider.GetTimestamp() : Ended);

    internal TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void AddAttempt(Endpoint? endpoint)
    {
        if (AttemptCount == _attempts.Length)
        {
            Array.Resize(ref _attempts, AttemptCount * 2);
        }

        _attempts[AttemptCount++] = new Attempt(endpoint, false, default);
    }

    internal void UpdateAttempt(bool reused) => Last = Last with { Reused = reused };

    internal void FailAttempt(in ProxyError error) => Last = Last with { Error = error };

    /// <summary>Of two attempts that ran side by side one is over: it is put before the other.</summary>
    /// <param name="isLast">Whether it is the one that began last.</param>
    /// <param name="error">How it ended.</param>
    internal void FailBeside(bool isLast, in ProxyError error)
    {
        ref var before = ref _attempts[AttemptCount - 2];
        if (isLast)
        {
            (before, Last) = (Last, before);
        }

        before = before with { Error = error };
    }

    internal void Reset()
    {
        Started = RequestEnded = UpstreamConnected = ResponseStarted = Ended = 0;
        RequestHeadBytes = RequestBodyBytes = ResponseHeadBytes = ResponseBodyBytes = 0;
        Flags = ResponseFlags.None;
        Reason = "";
        _attempts.AsSpan(0, AttemptCount).Clear();
        AttemptCount = 0;
    }

    private Attempt Last
    {
        get => _attempts[AttemptCount - 1];
        set => _attempts[AttemptCount - 1] = value;
    }
}
