namespace FilterProxy.Core.Transport.Epoll;

/// <summary>Who waits for one direction of an <see cref="EpollSocket"/>.</summary>
internal interface ISocketWaiter
{
    /// <summary>On the loop: what was waited for may be tried again.</summary>
    void OnReady();
}
