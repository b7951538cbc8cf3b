using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A thread of the runtime that waits for sockets. The runtime gives no way to run something on such a thread, but each socket stays with
/// one of them for life: a loop is reached by ringing a socket of its own.
/// </summary>
internal sealed class RuntimeLoop : EventLoop
{
    private const int MaxRounds = 16;
    private static readonly TimeSpan RegistrationLimit = TimeSpan.FromSeconds(5);
    private static readonly Lazy<Task> s_started = new(RegisterAllAsync);
    private static readonly byte[] s_ring = [1];
    private static RuntimeLoop[] s_loops = [];
    private static int s_next;

    private readonly ConcurrentQueue<(Action<object?> Run, object? State)> _posted = new();
    private readonly Socket _bell;
    private readonly SocketAsyncEventArgs _ringing = new(true);
    private readonly TaskCompletionSource<bool> _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _rung;

    private RuntimeLoop(Socket bell)
    {
        _bell = bell;
        _ringing.SetBuffer(new byte[1]);
        _ringing.Completed += (_, _) => OnRung();
    }

    /// <summary>The loops in turn, for what is on none yet; null when there are none.</summary>
    public static RuntimeLoop? Next()
    {
        var loops = Volatile.Read(ref s_loops);
        return loops.Length == 0 ? null : loops[(int)((uint)Interlocked.Increment(ref s_next) % (uint)loops.Length)];
    }

    /// <summary>Finds the process's loops, once. Without inline completions there are none, and <see cref="EventLoop.Current"/> stays null.</summary>
    public static Task StartAsync() => s_started.Value;

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
                var candidates = Enumerable.Range(0, expected).Select(_ => new RuntimeLoop(OpenBell())).ToList();
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
        Schedule(static loop => ((RuntimeLoop)loop!).Register(), this);
        if (!await _registered.Task.WaitAsync(RegistrationLimit))
        {
            // Its receive ends with an error, which OnRung takes for the end.
            _bell.Dispose();
        }
    }

    private void Register()
    {
        var isNew = Current is null && !Thread.CurrentThread.IsThreadPoolThread;
        if (isNew)
        {
            lock (s_ring)
            {
                Enter(s_loops.Length);
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
