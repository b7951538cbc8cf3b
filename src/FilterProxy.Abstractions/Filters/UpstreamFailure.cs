namespace FilterProxy;

/// <summary>How far an attempt had come when it failed.</summary>
public enum UpstreamStage
{
    /// <summary>No connection was made: nothing was sent.</summary>
    Connect,

    /// <summary>While the request was being sent.</summary>
    Send,

    /// <summary>The request was sent; no complete response head had come.</summary>
    Head,

    /// <summary>The response head had come; the body failed.</summary>
    Body,
}

/// <summary>One failed attempt, for <see cref="IUpstreamErrorFilter"/>.</summary>
/// <param name="Stage">How far it had come.</param>
/// <param name="Reused">Whether the connection came from the pool, where it may have died unnoticed.</param>
/// <param name="Error">What went wrong.</param>
public readonly record struct UpstreamFailure(UpstreamStage Stage, bool Reused, ProxyError Error);

/// <summary>A filter's opinion on another attempt.</summary>
public enum RetryAdvice
{
    /// <summary>No opinion: the engine's rules decide.</summary>
    Default,

    /// <summary>Retry if the request can still be replayed and attempts are left.</summary>
    Retry,

    /// <summary>Never retry this exchange.</summary>
    Forbid,
}
