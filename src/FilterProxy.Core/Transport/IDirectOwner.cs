namespace FilterProxy.Core.Transport;

/// <summary>The connection a <see cref="DirectReader"/> and a <see cref="DirectWriter"/> belong to.</summary>
internal interface IDirectOwner
{
    /// <summary>The peer's end or a reset has been received.</summary>
    void OnEnded();

    /// <summary>Resets the connection, in both directions.</summary>
    void Reset();
}
