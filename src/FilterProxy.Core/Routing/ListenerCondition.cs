namespace FilterProxy.Core.Routing;

/// <summary>The request came in by one of these listeners.</summary>
internal sealed class ListenerCondition(IReadOnlyList<string> listeners) : RouteCondition
{
    private readonly string[] _listeners = [.. listeners];

    public override string Subject => "listener";

    public override bool IsMet(RequestHead request, string listener)
    {
        foreach (var candidate in _listeners)
        {
            if (candidate == listener)
            {
                return true;
            }
        }

        return false;
    }
}
