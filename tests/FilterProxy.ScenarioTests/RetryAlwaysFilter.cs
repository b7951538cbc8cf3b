namespace FilterProxy.ScenarioTests;

/// <summary>Asks for another attempt after every failure.</summary>
[Component("retry_always")]
public sealed class RetryAlwaysFilter : IUpstreamErrorFilter
{
    public RetryAdvice OnUpstreamError(HttpExchange exchange, in UpstreamFailure failure) => RetryAdvice.Retry;
}
