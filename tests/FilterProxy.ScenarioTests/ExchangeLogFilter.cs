namespace FilterProxy.ScenarioTests;

/// <summary>Writes every exchange to the <see cref="ExchangeLog"/> of its test.</summary>
[Component("exchange_log")]
public sealed class ExchangeLogFilter(ExchangeLogOptions options) : ILoggingFilter
{
    public void OnLogging(HttpExchange exchange) => ExchangeLog.Add(
        options.Key, new LoggedExchange(exchange.Response.StatusCode, exchange.Stats.Reason, exchange.Stats.AttemptCount));
}

/// <summary>Options of <see cref="ExchangeLogFilter"/>.</summary>
public sealed record ExchangeLogOptions
{
    /// <summary>Names the log.</summary>
    public required string Key { get; init; }
}
