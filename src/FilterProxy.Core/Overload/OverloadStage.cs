namespace FilterProxy.Core.Overload;

/// <summary>What the proxy does about having too much to do. Each stage does what those before it do as well.</summary>
internal enum OverloadStage : byte
{
    /// <summary>Nothing.</summary>
    Calm,

    /// <summary>Requests of low priority are refused.</summary>
    Shed,

    /// <summary>Connections end with their current requests.</summary>
    Close,

    /// <summary>New connections are refused.</summary>
    Refuse,
}
