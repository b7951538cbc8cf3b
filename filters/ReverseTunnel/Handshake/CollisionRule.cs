namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What becomes of an agent whose node another one already is.</summary>
public enum CollisionRule
{
    /// <summary>It is refused as long as the other is there.</summary>
    Refuse,

    /// <summary>It takes the other's place, whose tunnels are closed.</summary>
    Replace,
}
