using System.Net.Sockets;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A send that waits until the loop has served a few more sockets. Sends one right after the other find the kernel's code and data in the
/// caches, where each between two requests would bring them there anew.
/// </summary>
internal abstract partial class DirectWriter
{
    // Queued: it is the loop's, unless the writer has more to do before. Taken: one of them is at it.
    private const int None = 0, Queued = 1, Taken = 2;
    private int _queued;

    /// <summary>
    /// Whether something is being sent, or waits to be: a flush waits for that. To be asked before the connection is closed.
    /// </summary>
    public bool IsSending()
    {
        if (Volatile.Read(ref _state) == Idle)
        {
            return false;
        }

        SendQueued();
        return Volatile.Read(ref _state) != Idle;
    }

    /// <summary>As a flush that need not wait, but the loop sends, soon. False where it cannot be so: nothing has changed then.</summary>
    public bool TryFlushSoon()
    {
        if (_buffer.Written == 0 || Volatile.Read(ref _queued) != None || _failure != SocketError.Success || Volatile.Read(ref _cancelRequested) != 0 || IsSending() || !TryQueue())
        {
            return false;
        }

        _sending = _buffer.Take();
        Volatile.Write(ref _state, Sending);
        Volatile.Write(ref _queued, Queued);
        return true;
    }

    /// <summary>Sends what waits for that. Any thread.</summary>
    public void SendQueued()
    {
        if (Volatile.Read(ref _queued) == None)
        {
            return;
        }

        if (Interlocked.CompareExchange(ref _queued, Taken, Queued) == Queued)
        {
            SendTaken();
            return;
        }

        var spin = default(SpinWait);
        while (Volatile.Read(ref _queued) == Taken)
        {
            spin.SpinOnce();
        }
    }

    /// <summary>Asks the loop to call <see cref="SendQueued"/> soon. False where there is none, or it has nothing else to do.</summary>
    protected virtual bool TryQueue() => false;

    // The writer's own side waits until it sees None: nothing of it changes meanwhile.
    private void SendTaken()
    {
        if (SendAll())
        {
            _buffer.ReleaseSent();
            Volatile.Write(ref _state, Idle);
        }

        // Otherwise there is no room, and it goes on as any send that nobody waits for.
        Volatile.Write(ref _queued, None);
    }
}
