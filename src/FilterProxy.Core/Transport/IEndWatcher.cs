namespace FilterProxy.Core.Transport;

/// <summary>Wants to know when a connection's peer has ended its side, and nothing else of it.</summary>
internal interface IEndWatcher
{
    /// <summary>From the thread that received the end. May be told twice.</summary>
    void OnPeerEnded();
}
