namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>How byte streams, and requests, travel to an agent.</summary>
public enum TunnelTransport
{
    /// <summary>Byte streams on a connection of their own where one is idle, otherwise among the others; requests as <see cref="H2"/>.</summary>
    Auto,

    /// <summary>Each byte stream on a connection of its own that the agent keeps ready; where none is idle it is waited for. Requests on such connections too, one after the other.</summary>
    Work,

    /// <summary>As HTTP/2 streams of the agent's tunnels.</summary>
    H2,
}
