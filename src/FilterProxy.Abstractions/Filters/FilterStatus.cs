namespace FilterProxy;

/// <summary>What a filter says at the end of its step.</summary>
public enum FilterStatus
{
    /// <summary>Go on with the next filter.</summary>
    Continue,

    /// <summary>The filter has called <c>Reply</c>; go to response_filter. Stop without a reply is answered with a 500.</summary>
    Stop,
}
