using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A thread of the runtime that waits for sockets and, with inline completions, runs what follows them. The runtime gives no way to
/// run something on such a thread, but each socket stays with one of them for life: a loop is reached by ringing a socket of its own.
/// </summary>
internal sealed class EventLoop : PipeScheduler
{
    private const int MaxRounds = 16;
    private static readonly TimeSpan RegistrationLimit = TimeSpan.FromSeconds(5);
    private static readonly Lazy<Task> s_started = new(RegisterAllAsync);
    private static readonly byte[] s_ring = [1];
    private static EventLoop[] s_loops = [];
    private static int s_next;

    [ThreadStatic]
    private static EventLoop? t_current;

    private readonly ConcurrentQueue<(Action<object?> Run, object? State)> _posted = new();
    private readonly Socket _bell;
    private readonly SocketAsyncEventArgs _ringing = new(true);
    private readonly TaskCompletionSource<bool> _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _rung;
    private ILoopWork? _work;

    private EventLoop(Socket bell)
    {
        _bell = bell;
        _ringing.SetBuffer(new byte[1]);
        _ringing.Completed += (_, _) => OnRung();
    }

    /// <summary>The loop of this thread; null on other threads, and everywhere when completions are not inline.</summary>
    public static EventLoop? Current => t_current;

    /// <summary>A small number for what is kept per loop: from 0 up for loops, 0 for all other threads.</summary>
    public static int CurrentIndex => t_current?.Index ?? 0;

    /// <summary>The loops known so far.</summary>
    public static IReadOnlyList<EventLoop> All => Volatile.Read(ref s_loops);

    /// <summary>From 0 up.</summary>
    public int Index { get; private set; }

    /// <summary>The loops in turn, for what is on none yet; null when there are none.</summary>
    public static EventLoop? Next()
    {
        var loops = Volatile.Read(ref s_loops);
        return loops.Length == 0 ? null : loops[(int)((uint)Interlocked.Increment(ref s_next) % (uint)loops.Length)];
    }

    /// <summary>Notes that filters are called on this thread from now on, for <see cref="FilterOf"/>. Costs a store.</summary>
    public static void Enter(ILoopWork work)
    {
        if (t_current is { } loop)
        {
            Volatile.Write(ref loop._work, work);
        }
    }

    /// <summary>A filter gave the thread back before it was done: what runs next is not its doing.</summary>
    public static void LeaveUnless(bool completed)
    {
        if (!completed && t_current is { } loop)
        {
            Volatile.Write(ref loop._work, null);
        }
    }

    /// <summary>The filter of an owner that is being called on this loop right now; null for none.</summary>
    public string? FilterOf(object owner) => Volatile.Read(ref _work) is { } work && work.Owner == owner ? work.Filter : null;

    /// <summary>Lets go of who called filters here before and does not now.</summary>
    public void Forget()
    {
        if (Volatile.Read(ref _work) is { Filter: null } done)
        {
            Interlocked.CompareExchange(ref _work, null, done);
        }
    }

    /// <summary>Whether every loop gets to what is scheduled on it within a time: a filter that blocks one is found out by this.</summary>
    public static async Task<bool> AllAnswerAsync(TimeSpan limit)
    {
        var answers = s_loops.Select(static loop =>
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            loop.Schedule(static a => ((TaskCompletionSource)a!).SetResult(), answer);
            return answer.Task;
        });
        try
        {
            await Task.WhenAll(answers).WaitAsync(limit);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Finds the process's loops, once. Without inline completions there are none, and <see cref="Current"/> stays null.</summary>
    public static Task StartAsync() => s_started.Value;

    /// <summary>Runs an action on this loop, soon, from any thread and without an execution context. It must not throw or block.</summary>
    public override void Schedule(Action<object?> action, object? state)
    {
        _posted.Enqueue((action, state));
        Ring();
    }

    private static async Task RegisterAllAsync()
    {
        try
        {
            // The runtime hands new sockets to its loops in turn; sockets of others in between may make a round miss one.
            var expected = Environment.ProcessorCount;
            for (var round = 0; round < MaxRounds && s_loops.Length < expected; round++)
            {
                var candidates = Enumerable.Range(0, expected).Select(_ => new EventLoop(OpenBell())).ToList();
                candidates.ForEach(candidate => candidate.Listen());
                await Task.WhenAll(candidates.Select(c => c.RegisterAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            // No loopback, or no descriptors left: exchanges stay on the thread their filters leave them on, which is slower and no less right.
        }
    }

    /// <summary>A datagram socket connected to itself: what is sent to it, it receives, and nobody else can send to it.</summary>
    private static Socket OpenBell()
    {
        var bell = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        bell.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        bell.Connect(bell.LocalEndPoint!);
        return bell;
    }

    /// <summary>Rings for the first time: the thread that answers is a loop, and perhaps one that was not known.</summary>
    private async Task RegisterAsync()
    {
        Schedule(static loop => ((EventLoop)loop!).Register(), this);
        if (!await _registered.Task.WaitAsync(RegistrationLimit))
        {
            // Its receive ends with an error, which OnRung takes for the end.
            _bell.Dispose();
        }
    }

    private void Register()
    {
        var isNew = t_current is null && !Thread.CurrentThread.IsThreadPoolThread;
        if (isNew)
        {
            t_current = this;
            lock (s_ring)
            {
                Index = s_loops.Length;
                Volatile.Write(ref s_loops, [.. s_loops, this]);
            }
        }

        _registered.SetResult(isNew);
    }

    private void OnRung()
    {
        if (_ringing.SocketError != SocketError.Success)
        {
            _ringing.Dispose(); // closed: a second bell of a loop that has one
            return;
        }

        // While the bell counts as rung nobody rings it, so the next receive waits and other sockets get their turn in between.
        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var next); left--)
        {
            next.Run(next.State);
        }

        Listen();
        Interlocked.Exchange(ref _rung, 0);
        if (!_posted.IsEmpty)
        {
            Ring();
        }
    }

    private void Ring()
    {
        if (Interlocked.Exchange(ref _rung, 1) == 0)
        {
            _bell.Send(s_ring);
        }
    }

    private void Listen()
    {
        if (!_bell.ReceiveAsync(_ringing))
        {
            throw new InvalidOperationException("A bell that nobody rang was heard.");
        }
    }
}
