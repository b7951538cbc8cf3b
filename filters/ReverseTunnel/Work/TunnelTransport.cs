namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>How byte streams travel to an agent.</summary>
public enum TunnelTransport
{
    /// <summary>On a connection of their own where one is idle, otherwise among the others.</summary>
    Auto,

    /// <summary>Each on a connection of its own that the agent keeps ready; where none is idle it is waited for.</summary>
    Work,

    /// <summary>As HTTP/2 streams of the agent's tunnels.</summary>
    H2,
}
