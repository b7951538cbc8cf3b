using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>
/// A thread of our own that waits for sockets with epoll(7), edge-triggered, and runs inline what they wake. Beside the runtime's
/// threads for two reasons: those try every receive before they wait for it, which is one system call too many per turn of a
/// keep-alive connection, and they need a buffer for as long as they wait.
/// </summary>
internal sealed unsafe class EpollLoop : EventLoop
{
    private const int MaxEvents = 256;
    private const long BellId = -1;

    // The cache keeps what so many need, and fetching it before its turn would only cost.
    private const int FewSockets = 192;

    // Turns that work at leisure waits while sockets keep the loop busy: each lasts as long as what its sockets woke.
    private const int MaxWait = 4;

    // The thread pool and the loop work for one another when it has woken the loop so often within so many milliseconds.
    private const int ManyCalls = 8;
    private const int FrequentWithin = 4;

    // Sockets served together.
    private const int AtOnce = 8;

    // Milliseconds for which a thread pool that was stuck is not given the loop again.
    private const int Distrust = 1000;
    private const int Forever = -1;
    private static readonly Lazy<EpollLoop[]> s_all = new(StartAll);
    private static int s_next;

    private readonly ConcurrentQueue<(Action<object?> Run, object? State)> _posted = new();
    private readonly Queue<(Action<object?> Run, object? State)> _atLeisure = new();
    private readonly Lock _registering = new();
    private readonly Stack<int> _free = new();
    private readonly int _index;
    private readonly int _epoll;
    private readonly int _bell;
    private readonly byte* _events = (byte*)NativeMemory.Alloc((nuint)(MaxEvents * LinuxSockets.EventSize));
    private readonly DirectWriter?[] _queued = new DirectWriter?[AtOnce];
    private readonly EpollSocket?[] _served = new EpollSocket?[AtOnce];
    private EpollSocket?[] _sockets = new EpollSocket?[64];
    private LoopLoan? _loan;
    private int _used;
    private int _asleep;
    private int _queuedCount;
    private bool _servesMore;
    private int _waited;
    private int _poolCalls;
    private long _countedSince;
    private long _trustsPoolFrom;

    private EpollLoop(int index)
    {
        _index = index;
        _epoll = Checked(LinuxSockets.CreateEpoll(LinuxSockets.EpollCloseOnExec));
        _bell = Checked(LinuxSockets.CreateEvent(0, LinuxSockets.EventCloseOnExec | LinuxSockets.EventNonBlocking));
        var change = stackalloc byte[LinuxSockets.EventSize];
        Describe(change, LinuxSockets.Readable, BellId);
        Checked(LinuxSockets.ControlEpoll(_epoll, LinuxSockets.ControlAdd, _bell, change));
    }

    /// <summary>The process's loops in turn, started with the first use; null where the platform has none.</summary>
    public static EpollLoop? Next()
    {
        var all = s_all.Value;
        return all.Length == 0 ? null : all[(int)((uint)Interlocked.Increment(ref s_next) % (uint)all.Length)];
    }

    /// <summary>Waits for a socket's events from now on, until its descriptor is closed. Returns its place.</summary>
    public int Register(EpollSocket socket)
    {
        int place;
        lock (_registering)
        {
            if (!_free.TryPop(out place))
            {
                place = _used++;
                if (place == _sockets.Length)
                {
                    var larger = new EpollSocket?[place * 2];
                    _sockets.CopyTo(larger, 0);
                    Volatile.Write(ref _sockets, larger);
                }
            }

            Volatile.Write(ref _sockets[place], socket);
        }

        var change = stackalloc byte[LinuxSockets.EventSize];
        Describe(change, LinuxSockets.Readable | LinuxSockets.Writable | LinuxSockets.PeerClosed | LinuxSockets.EdgeTriggered, place);
        if (LinuxSockets.ControlEpoll(_epoll, LinuxSockets.ControlAdd, socket.Handle, change) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            Forget(place);
            throw new System.Net.Sockets.SocketException((int)LinuxSockets.ErrorOf(error));
        }

        return place;
    }

    /// <summary>
    /// Gives a place back; closing the descriptor ends its events. One that is under way then may reach the place's next owner, which
    /// takes it for a false alarm.
    /// </summary>
    public void Forget(int place)
    {
        lock (_registering)
        {
            Volatile.Write(ref _sockets[place], null);
            _free.Push(place);
        }
    }

    /// <summary>Sends what a writer has queued when a few more sockets are served. False where none are: it would only wait.</summary>
    public bool TryQueue(DirectWriter writer)
    {
        if (Current != this || !_servesMore || _queuedCount == AtOnce)
        {
            return false;
        }

        _queued[_queuedCount++] = writer;
        return true;
    }

    public override void Schedule(Action<object?> action, object? state)
    {
        _posted.Enqueue((action, state));
        if (Current != this && Interlocked.Exchange(ref _asleep, 0) == 1)
        {
            _poolCalls += Thread.CurrentThread.IsThreadPoolThread ? 1 : 0;
            var one = 1L;
            _ = LinuxSockets.Write(_bell, &one, sizeof(long));
        }
    }

    public override void ScheduleAtLeisure(Action<object?> action, object? state)
    {
        if (Current == this)
        {
            _atLeisure.Enqueue((action, state));
        }
        else
        {
            Schedule(action, state);
        }
    }

    private static EpollLoop[] StartAll()
    {
        if (!LinuxSockets.AreKnown)
        {
            return [];
        }

        var loops = new EpollLoop[Environment.ProcessorCount];
        for (var i = 0; i < loops.Length; i++)
        {
            loops[i] = new EpollLoop(i);
            var thread = new Thread(loops[i].Run) { IsBackground = true, Name = "event loop" };
            thread.UnsafeStart();
        }

        return loops;
    }

    private static int Checked(int result) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    private static void Describe(byte* change, uint events, long id)
    {
        *(uint*)change = events;
        *(long*)(change + LinuxSockets.EventDataOffset) = id;
    }

    private void Run()
    {
        Enter(_index);
        while (true)
        {
            Turn(Forever);
            if (_poolCalls >= ManyCalls)
            {
                LendIfBusy();
            }
        }
    }

    private void LendIfBusy()
    {
        var now = Environment.TickCount64;
        var areFrequent = now - _countedSince <= FrequentWithin;
        _countedSince = now;
        _poolCalls = 0;
        if (!areFrequent || now < _trustsPoolFrom)
        {
            return;
        }

        _loan ??= new LoopLoan(TurnAway, static loan => System.Threading.ThreadPool.UnsafeQueueUserWorkItem(loan, preferLocal: false));
        if (!_loan.Lend())
        {
            _loan = null;
            _trustsPoolFrom = Environment.TickCount64 + Distrust;
        }

        _poolCalls = 0;
    }

    private bool TurnAway(int patience)
    {
        Become();
        var wasBusy = Turn(patience);
        Leave();
        return wasBusy;
    }

    // Waits at most so many milliseconds. Whether there was anything to do.
    private bool Turn(int patience)
    {
        var waits = patience != 0 && _posted.IsEmpty && _atLeisure.Count == 0;
        if (waits)
        {
            // Whoever posts now rings; what was posted before that is seen here.
            Interlocked.Exchange(ref _asleep, 1);
        }

        var count = LinuxSockets.WaitEpoll(_epoll, _events, MaxEvents, waits && _posted.IsEmpty ? patience : 0);
        if (waits)
        {
            Volatile.Write(ref _asleep, 0);
        }

        for (var first = 0; first < count; first += AtOnce)
        {
            Serve(first, Math.Min(first + AtOnce, count), count);
        }

        var isIdle = count <= 0 && _posted.IsEmpty;
        RunPosted();
        if (isIdle || ++_waited >= MaxWait)
        {
            _waited = 0;
            isIdle &= _atLeisure.Count == 0;
            RunAtLeisure();
        }

        return !isIdle;
    }

    // What is alike is done one after the other: receive for all of them, serve them, and send for all of them.
    private void Serve(int first, int end, int count)
    {
        for (var i = first; i < end; i++)
        {
            if (_used > FewSockets)
            {
                WarmUpNext(_events, i, count);
            }

            var entry = _events + (i * LinuxSockets.EventSize);
            var id = IdOf(entry);
            if (id == BellId)
            {
                long rings;
                _ = LinuxSockets.Read(_bell, &rings, sizeof(long));
                continue;
            }

            var socket = Volatile.Read(ref Volatile.Read(ref _sockets)[id]);
            _served[i - first] = socket;
            socket?.BeginEvents(*(uint*)entry);
        }

        for (var i = first; i < end; i++)
        {
            _servesMore = i + 1 < end;
            ref var socket = ref _served[i - first];
            socket?.EndEvents(*(uint*)(_events + (i * LinuxSockets.EventSize)));
            socket = null;
        }

        SendQueued();
    }

    private void SendQueued()
    {
        for (var i = 0; i < _queuedCount; i++)
        {
            _queued[i]!.SendQueued();
            _queued[i] = null;
        }

        _queuedCount = 0;
    }

    private static long IdOf(byte* entry) => *(long*)(entry + LinuxSockets.EventDataOffset);

    // While one event is served, what the next three need is on its way: the socket of the third, with it that of the second's reader, and with that what the first's serves.
    private void WarmUpNext(byte* events, int served, int count)
    {
        CacheLines.Fetch(SocketOf(events, served + 3, count), 1);
        if (SocketOf(events, served + 2, count) is { } second)
        {
            CacheLines.Fetch(second.Reader, 3);
            CacheLines.Fetch(second.Handle, 1);
        }

        (SocketOf(events, served + 1, count)?.Reader as DirectReader)?.WarmUp();
    }

    private EpollSocket? SocketOf(byte* events, int index, int count) =>
        index < count && IdOf(events + (index * LinuxSockets.EventSize)) is not BellId and var id ? _sockets[id] : null;

    private void RunAtLeisure()
    {
        for (var left = _atLeisure.Count; left > 0; left--)
        {
            var next = _atLeisure.Dequeue();
            next.Run(next.State);
        }
    }

    // Only what was there when it began: what a posted action posts comes after the sockets that are ready by then.
    private void RunPosted()
    {
        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var next); left--)
        {
            next.Run(next.State);
        }
    }
}
