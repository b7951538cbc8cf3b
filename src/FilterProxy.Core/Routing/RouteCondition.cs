namespace FilterProxy.Core.Routing;

/// <summary>Something a route asks of a request beyond host and path.</summary>
internal abstract class RouteCondition
{
    /// <summary>What it looks at, for explanations: <c>method</c>, <c>header x-canary</c>.</summary>
    public abstract string Subject { get; }

    public abstract bool IsMet(RequestHead request, string listener);
}
