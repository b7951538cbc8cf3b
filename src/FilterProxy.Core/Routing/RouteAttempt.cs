namespace FilterProxy.Core.Routing;

/// <summary>One request on its way through the table.</summary>
internal readonly ref struct RouteAttempt(RequestHead request, string listener, RouteCaptures captures)
{
    public ReadOnlySpan<byte> Path { get; } = request.Path;

    public RequestHead Request { get; } = request;

    public string Listener { get; } = listener;

    public RouteCaptures Captures { get; } = captures;
}
