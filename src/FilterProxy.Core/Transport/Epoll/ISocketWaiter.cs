namespace FilterProxy.Core.Transport.Epoll;

/// <summary>Who waits for one direction of an <see cref="EpollSocket"/>.</summary>
internal interface ISocketWaiter
{
    /// <summary>On the loop, ahead of <see cref="OnReady"/>, which follows: what can be done before anybody is told.</summary>
    void Prepare()
    {
    }

    /// <summary>On the loop: what was waited for may be tried again.</summary>
    void OnReady();
}
