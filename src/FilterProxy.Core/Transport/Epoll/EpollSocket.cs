using System.Net.Sockets;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>A socket on an event loop: what is known of its readiness, and who waits for it in each direction.</summary>
internal sealed class EpollSocket
{
    // Of each direction. Unknown: nobody has heard since the last attempt. Ready: an attempt is worth it. Waiting: somebody is told.
    private const int Unknown = 0, Ready = 1, Waiting = 2;

    private const uint Over = LinuxSockets.Failed | LinuxSockets.HungUp | LinuxSockets.PeerClosed;

    private readonly int _place;
    private int _reading, _writing;
    private volatile bool _over;
    private bool _isReaderDue;
    private int _closed;

    /// <param name="handle">Owned by the connection; closed before <see cref="Close"/>.</param>
    /// <param name="loop">Where it is waited for.</param>
    /// <exception cref="SocketException">It cannot be waited for.</exception>
    public EpollSocket(SafeSocketHandle handle, EpollLoop loop)
    {
        Handle = handle;
        Loop = loop;
        _place = loop.Register(this);
    }

    public SafeSocketHandle Handle { get; }

    public EpollLoop Loop { get; }

    /// <summary>Told on the loop, once for every <see cref="TryRead"/> that said false.</summary>
    public ISocketWaiter? Reader { get; set; }

    /// <summary>Told on the loop, once for every <see cref="TryWrite"/> that said false.</summary>
    public ISocketWaiter? Writer { get; set; }

    /// <summary>Whether the peer has ended its side, or the connection has failed: then no further event may come.</summary>
    public bool IsOver => _over;

    /// <summary>Whether a receive is worth trying now. Otherwise <see cref="Reader"/> will be told.</summary>
    public bool TryRead() => TryUse(ref _reading);

    /// <summary>Whether a send is worth trying now. Otherwise <see cref="Writer"/> will be told.</summary>
    public bool TryWrite() => TryUse(ref _writing);

    /// <summary>After a receive that may have left something.</summary>
    public void MayReadMore() => Interlocked.CompareExchange(ref _reading, Ready, Unknown);

    /// <summary>Takes a <see cref="TryRead"/> back that said false, on the loop: <see cref="Reader"/> will not be told for it.</summary>
    public bool TryUnwait() => Interlocked.CompareExchange(ref _reading, Ready, Waiting) == Waiting;

    /// <summary>The descriptor is closed: whoever waits finds out, on the loop.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            Loop.Forget(_place);
            Loop.Schedule(static s => ((EpollSocket)s!).OnClosed(), this);
        }
    }

    /// <summary>From the loop: what is to be done before anybody is told. <see cref="EndEvents"/> follows.</summary>
    public void BeginEvents(uint events)
    {
        _over |= (events & Over) != 0;
        if ((events & (Over | LinuxSockets.Readable)) != 0 && TakeWaiting(ref _reading))
        {
            _isReaderDue = true;
            Reader?.Prepare();
        }
    }

    /// <summary>From the loop: tells who waits.</summary>
    public void EndEvents(uint events)
    {
        if (_isReaderDue)
        {
            _isReaderDue = false;
            Reader?.OnReady();
        }

        if ((events & (LinuxSockets.Failed | LinuxSockets.HungUp | LinuxSockets.Writable)) != 0 && TakeWaiting(ref _writing))
        {
            Writer?.OnReady();
        }
    }

    private void OnClosed()
    {
        BeginEvents(LinuxSockets.Failed);
        EndEvents(LinuxSockets.Failed);
    }

    private static bool TryUse(ref int side)
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref side, Waiting, Unknown) == Unknown)
            {
                return false;
            }

            // Before the attempt: an event that comes during it is heard.
            if (Interlocked.CompareExchange(ref side, Unknown, Ready) == Ready)
            {
                return true;
            }
        }
    }

    /// <summary>Notes that an attempt is worth it. Whether somebody waits, who is to be told.</summary>
    private static bool TakeWaiting(ref int side)
    {
        if (Volatile.Read(ref side) == Ready || Interlocked.Exchange(ref side, Ready) != Waiting)
        {
            return false;
        }

        Volatile.Write(ref side, Unknown);
        return true;
    }
}
