using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Overload;

/// <summary>
/// Exchanges under way, exactly, and the requests that wait for a place among them: by priority, then in their order. As long as there is room a
/// request takes no lock. A queue that stands gives no place to who waited longer than its target: those who come next are better served by
/// a short wait than all by a long one.
/// </summary>
internal sealed class ExchangeGate(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<GateWaiter>[] _queues = [new(), new(), new()];
    private readonly StandingDelay _delay = new(time);
    private OverloadRules _rules = OverloadRules.Off;
    private int _max;
    private int _active;
    private int _waiting;

    /// <summary>Exchanges at a time; 0 for no limit, and then nobody need ask.</summary>
    public int Max => Volatile.Read(ref _max);

    /// <summary>Exchanges that have a place.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Requests that wait for one.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes changed rules over: who is in stays, who waits may have to go.</summary>
    public void Apply(OverloadRules rules)
    {
        lock (_lock)
        {
            _rules = rules;
            Volatile.Write(ref _max, rules.MaxExchanges);
            while (Waiting > rules.QueueSize && Lowest() is { Last: { } last })
            {
                Remove(last.Value, Limit.OverloadQueueSize);
            }
        }

        Fill();
    }

    /// <summary>Takes a place if one is free; <see cref="Leave"/> follows.</summary>
    public bool TryEnter()
    {
        while (true)
        {
            var active = Active;
            if (Max is var max && max > 0 && active >= max)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _active, active + 1, active) == active)
            {
                return true;
            }
        }
    }

    /// <summary>Waits for a place, for which <see cref="Leave"/> follows. None when there is one, else the limit that was in the way; null when it was given up.</summary>
    public async ValueTask<Limit?> EnterAsync(RequestPriority priority, CancellationToken cancel)
    {
        GateWaiter waiter;
        lock (_lock)
        {
            // Counted before the last try: who leaves meanwhile sees that somebody waits, or has left in time to make room.
            if (Interlocked.Increment(ref _waiting) <= _rules.QueueSize || TryDisplace(priority))
            {
                if (TryEnter())
                {
                    Interlocked.Decrement(ref _waiting);
                    return Limit.None;
                }

                waiter = new GateWaiter(this, priority, time.GetTimestamp());
                _queues[(int)priority].AddLast(waiter.Node);
            }
            else
            {
                Interlocked.Decrement(ref _waiting);
                return TryEnter() ? Limit.None : Limit.OverloadQueueSize;
            }
        }

        await using var registration = cancel.UnsafeRegister(static waiter => ((GateWaiter)waiter!).Gate.GiveUp((GateWaiter)waiter), waiter);
        return await waiter.Task;
    }

    /// <summary>Gives a place back, straight to who waits where somebody does.</summary>
    public void Leave()
    {
        if (Waiting > 0 && TryHandOver())
        {
            return;
        }

        Interlocked.Decrement(ref _active);
        if (Waiting > 0)
        {
            // Somebody began to wait just then.
            Fill();
        }
    }

    /// <summary>Refuses who has waited too long. How long the one has waited that has waited longest, of those that go on waiting.</summary>
    public TimeSpan Sweep()
    {
        if (Waiting == 0)
        {
            return TimeSpan.Zero;
        }

        lock (_lock)
        {
            var now = time.GetTimestamp();
            var longest = TimeSpan.Zero;
            foreach (var queue in _queues)
            {
                while (queue.First is { } first && time.GetElapsedTime(first.Value.Since, now) is var waited)
                {
                    if (waited < _rules.QueueDeadline)
                    {
                        longest = waited > longest ? waited : longest;
                        break;
                    }

                    Remove(first.Value, Limit.OverloadQueueDeadline);
                }
            }

            return longest;
        }
    }

    /// <summary>Refuses all of low priority that wait.</summary>
    public void ShedLow()
    {
        lock (_lock)
        {
            while (_queues[(int)RequestPriority.Low].First is { } first)
            {
                Remove(first.Value, Limit.OverloadShed);
            }
        }
    }

    /// <summary>Requests of a priority that wait.</summary>
    public int WaitingOf(RequestPriority priority)
    {
        lock (_lock)
        {
            return _queues[(int)priority].Count;
        }
    }

    /// <summary>Gives a place that somebody has to the next in turn. False when there is nobody, or there are too many places in use.</summary>
    private bool TryHandOver()
    {
        lock (_lock)
        {
            if (Max is var max && max > 0 && Active > max)
            {
                return false;
            }

            for (var priority = RequestPriority.High; ; priority--)
            {
                while (_queues[(int)priority].First is { } first)
                {
                    var late = _delay.IsTooLate(time.GetElapsedTime(first.Value.Since), _rules.QueueTarget, _rules.QueueInterval);
                    var limit = late && priority != RequestPriority.High ? Limit.OverloadQueueTarget : Limit.None;
                    Remove(first.Value, limit);
                    if (Waiting == 0)
                    {
                        _delay.Empty();
                    }

                    if (limit == Limit.None)
                    {
                        return true;
                    }
                }

                if (priority == RequestPriority.Low)
                {
                    return false;
                }
            }
        }
    }

    private void Fill()
    {
        while (Waiting > 0 && TryEnter())
        {
            if (!TryHandOver())
            {
                Interlocked.Decrement(ref _active);
                return;
            }
        }
    }

    /// <summary>Makes room for a request in a full queue: the last of those of the lowest priority goes, if that is lower.</summary>
    private bool TryDisplace(RequestPriority priority)
    {
        if (Lowest() is not { Last: { } last } || last.Value.Priority >= priority)
        {
            return false;
        }

        Remove(last.Value, Limit.OverloadQueueSize);
        return true;
    }

    private LinkedList<GateWaiter>? Lowest() => Array.Find(_queues, queue => queue.Count > 0);

    private void GiveUp(GateWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is not null)
            {
                Remove(waiter, null);
            }
        }
    }

    /// <summary>Under the lock, as all that ends a wait: who is in a queue has no result yet.</summary>
    private void Remove(GateWaiter waiter, Limit? result)
    {
        _queues[(int)waiter.Priority].Remove(waiter.Node);
        Interlocked.Decrement(ref _waiting);
        waiter.SetResult(result);
    }
}
