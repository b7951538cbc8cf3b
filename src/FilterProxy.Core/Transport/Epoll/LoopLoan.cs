namespace FilterProxy.Core.Transport.Epoll;

/// <summary>
/// A loop in the hands of the thread pool, which runs its turns between its own work. What Kestrel's HTTP/2 engine does for a stream
/// begins on the pool, goes on at the loop and ends on the pool: between two threads each of these steps wakes the other one, which costs
/// as much as serving a small response. On the pool's own thread each is a place in its queue.
/// </summary>
/// <remarks>
/// A loop with nothing to do waits on the pool for a moment, no longer than what a timer is late anyway, and then goes back to its own thread.
/// So does one whose turn does not come because the pool's threads are blocked; a loan that ended so is not to be used again: it may still be
/// in the pool's queue.
/// </remarks>
/// <param name="turn">Runs one turn of the loop, which may wait for so many milliseconds. False where there was nothing to do.</param>
/// <param name="queue">Has the pool execute what it is given, after what was queued before.</param>
internal sealed class LoopLoan(Func<int, bool> turn, Action<IThreadPoolWorkItem> queue) : IThreadPoolWorkItem
{
    // Turns with nothing to do that cost about as much as falling asleep and being woken.
    private const int IdleTurns = 4;

    // Milliseconds to wait then.
    private const int Nap = 1;

    private readonly AutoResetEvent _back = new(initialState: false);
    private int _state;
    private int _idle;
    private long _turns;

    /// <summary>Milliseconds within which the pool has to run a turn.</summary>
    internal const int Patience = 10;

    /// <summary>
    /// Lends the loop. Called by its own thread, which has it back when this returns.
    /// </summary>
    /// <returns>False where the pool did not run a turn in time.</returns>
    public bool Lend()
    {
        _idle = 0;
        _state = State.Queued;
        queue(this);
        while (true)
        {
            var turns = Volatile.Read(ref _turns);
            if (_back.WaitOne(Patience))
            {
                return true;
            }

            if (turns == Volatile.Read(ref _turns) && Interlocked.CompareExchange(ref _state, State.Home, State.Queued) == State.Queued)
            {
                return false;
            }
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (Interlocked.CompareExchange(ref _state, State.Running, State.Queued) != State.Queued)
        {
            return;
        }

        _turns++;
        var naps = _idle >= IdleTurns && ThreadPool.PendingWorkItemCount == 0;
        var wasBusy = turn(naps ? Nap : 0);
        _idle = wasBusy ? 0 : _idle + 1;
        if (wasBusy || !naps)
        {
            Volatile.Write(ref _state, State.Queued);
            queue(this);
        }
        else
        {
            Volatile.Write(ref _state, State.Home);
            _back.Set();
        }
    }

    private static class State
    {
        public const int Home = 0, Queued = 1, Running = 2;
    }
}
