namespace FilterProxy.Core.Transport;

/// <summary>What a receive becomes when the socket has something.</summary>
internal abstract partial class DirectReader
{
    private bool _isAhead; // received for whoever waits, who is yet to be told

    /// <summary>Finishes a receive somebody waits for, who is told by <see cref="OnArrived"/>: that must follow, on the same thread.</summary>
    protected void ReceiveAhead()
    {
        // A large one comes when it is its turn: what is done with it wants it in the cache.
        if (_isLarge || Interlocked.CompareExchange(ref _state, Claimed, Awaited) != Awaited)
        {
            return;
        }

        _isAhead = TryFinish();
        if (!_isAhead)
        {
            WaitAgain();
        }
    }

    /// <summary>What <see cref="Start"/> began can be finished now.</summary>
    protected void OnArrived()
    {
        if (_isAhead)
        {
            _isAhead = false;
            Deliver();
            return;
        }

        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Claimed, Awaited) == Awaited)
            {
                if (TryFinish())
                {
                    Deliver();
                    return;
                }

                WaitAgain();
                if (!Start())
                {
                    return;
                }
            }
            else if (Interlocked.CompareExchange(ref _state, Claimed, Receiving) == Receiving)
            {
                // Nobody waits for it, and who has cancelled a read may still look at the buffer: it is left where it is.
                var arrival = Look();
                if (arrival != Arrival.Nothing)
                {
                    Volatile.Write(ref _state, Done);
                    if (arrival == Arrival.End)
                    {
                        Owner?.OnEnded();
                    }

                    return;
                }

                Volatile.Write(ref _state, Receiving);
                if (!Start())
                {
                    return;
                }
            }
        }
    }

    private void Deliver()
    {
        var ended = _ended;
        Volatile.Write(ref _state, None);
        _waiter.SetResult(false);
        if (ended)
        {
            Owner?.OnEnded();
        }
    }

    private void WaitAgain()
    {
        Volatile.Write(ref _state, Awaited);
        if (Volatile.Read(ref _cancel) != 0)
        {
            Wake();
        }
    }
}
