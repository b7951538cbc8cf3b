namespace FilterProxy.Filters.AccessLog;

/// <summary>Decides which exchanges are written about.</summary>
internal sealed class ExchangeSelector(AccessLogOptions options)
{
    // Not DPE, NR, RL, UAEX: what clients did wrong is no failure of ours, and any scanner makes thousands of them.
    private const ResponseFlags Failures =
        ResponseFlags.NoHealthyUpstream | ResponseFlags.UpstreamConnectionFailure | ResponseFlags.UpstreamOverflow
        | ResponseFlags.UpstreamRetryLimitExceeded | ResponseFlags.UpstreamConnectionTermination | ResponseFlags.UpstreamRequestTimeout
        | ResponseFlags.UpstreamProtocolError | ResponseFlags.DownstreamConnectionTermination | ResponseFlags.DurationTimeout
        | ResponseFlags.FaultInjected | ResponseFlags.OverloadManager;

    private readonly bool _onlyErrors = options.Only == AccessLogScope.Errors;
    private readonly int _minStatus = options.MinStatus;
    private readonly TimeSpan _minDuration = options.MinDuration;
    private readonly double _sample = options.Sample.Value;
    private readonly bool _keepErrors = options.KeepErrors;

    private bool IsConditional => _onlyErrors || _minStatus > 0 || _minDuration > TimeSpan.Zero;

    public bool IsWanted(HttpExchange exchange) =>
        (!IsConditional || MeetsCondition(exchange)) && (_sample >= 1 || (_keepErrors && IsError(exchange)) || Random.Shared.NextDouble() < _sample);

    private static bool IsError(HttpExchange exchange) =>
        exchange.Response.StatusCode is 0 or >= 500 || (exchange.Stats.Flags & Failures) != 0;

    private bool MeetsCondition(HttpExchange exchange) =>
        (_onlyErrors && IsError(exchange))
        || (_minStatus > 0 && exchange.Response.StatusCode >= _minStatus)
        || (_minDuration > TimeSpan.Zero && exchange.Stats.Duration >= _minDuration);
}
