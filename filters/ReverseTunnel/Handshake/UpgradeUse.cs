namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Whether agents ask by Upgrade (RFC 9110 §7.8), which lets an HTTP proxy between carry the tunnel.</summary>
public enum UpgradeUse
{
    /// <summary>As the agent wants: 101 where it asks so, else 200.</summary>
    Auto,

    /// <summary>They must.</summary>
    Require,

    /// <summary>It is not heeded.</summary>
    Never,
}
