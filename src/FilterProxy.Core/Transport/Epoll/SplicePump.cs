using System.Net.Sockets;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>
/// Moves bytes from one socket to another inside the kernel, as long as there are many: for a few, a read and a write cost less. Both
/// sockets belong to the loop it runs on; while it runs it stands in for the reader of one and the writer of the other, which have nothing
/// under way.
/// </summary>
internal sealed class SplicePump(SocketConnection from, SocketConnection to, Action onProgress) : ISocketWaiter
{
    // Moves of fewer bytes, this often in a row, are no bulk.
    private const int SmallMove = 8 * 1024;
    private const int MostSmallMoves = 8;
    private readonly EpollSocket _from = from.OnLoop!;
    private readonly EpollSocket _to = to.OnLoop!;
    private TaskCompletionSource? _waiting;
    private bool _waitsToRead;
    private bool _stop;

    /// <summary>Whether both are sockets this can be done with, here and now.</summary>
    public static bool Fits(SocketConnection from, SocketConnection to)
    {
        try
        {
            return from.OnLoop is { } one && to.OnLoop is { } other && one.Loop == other.Loop && EventLoop.Current == one.Loop
                && LinuxPipe.TryUnblock(one.Handle) && LinuxPipe.TryUnblock(other.Handle);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>What went wrong.</summary>
    public SocketError Error { get; private set; }

    /// <summary>Bytes moved.</summary>
    public long Moved { get; private set; }

    /// <summary>Ends it soon, from any thread, unless the receiver keeps it waiting.</summary>
    public void Stop() => _from.Loop.Schedule(static pump => ((SplicePump)pump!).StopHere(), this);

    public async Task<SpliceEnd> RunAsync()
    {
        if (LinuxPipe.Take() is not { } pipe)
        {
            return SpliceEnd.Stopped;
        }

        var (reader, writer) = (_from.Reader, _to.Writer);
        _from.Reader = _to.Writer = this;
        try
        {
            return await PumpAsync(pipe);
        }
        catch (ObjectDisposedException)
        {
            Error = SocketError.OperationAborted;
            return pipe.Held > 0 ? SpliceEnd.WriteFailed : SpliceEnd.ReadFailed;
        }
        finally
        {
            (_from.Reader, _to.Writer) = (reader, writer);
            _from.MayReadMore();
            pipe.Dispose();
        }
    }

    void ISocketWaiter.OnReady() => _waiting?.TrySetResult();

    private async Task<SpliceEnd> PumpAsync(LinuxPipe pipe)
    {
        long unwaited = 0;
        for (var small = 0; small < MostSmallMoves && !_stop;)
        {
            var filled = pipe.Fill(_from.Handle, LinuxPipe.Size);
            if (filled == 0)
            {
                return SpliceEnd.Ended;
            }

            if (filled == -LinuxSockets.Again)
            {
                unwaited = 0;
                if (!_from.TryRead())
                {
                    await WaitAsync(toRead: true);
                }

                continue;
            }

            if (filled < 0)
            {
                Error = LinuxSockets.ErrorOf(-filled);
                return SpliceEnd.ReadFailed;
            }

            from.Input.CountPassed(filled);
            small = filled < SmallMove ? small + 1 : 0;
            if (!await DrainAsync(pipe))
            {
                return SpliceEnd.WriteFailed;
            }

            Moved += filled;
            unwaited += filled;
            if (unwaited > Relay.FairShare)
            {
                unwaited = 0;
                await Relay.BehindOthersAsync();
            }
        }

        return SpliceEnd.Stopped;
    }

    private async ValueTask<bool> DrainAsync(LinuxPipe pipe)
    {
        while (pipe.Held > 0)
        {
            var drained = pipe.Drain(_to.Handle);
            if (drained > 0)
            {
                to.Output.CountPassed(drained);
                onProgress();
            }
            else if (drained != -LinuxSockets.Again)
            {
                Error = LinuxSockets.ErrorOf(-drained);
                return false;
            }
            else if (!_to.TryWrite())
            {
                await WaitAsync(toRead: false);
            }
        }

        return true;
    }

    private Task WaitAsync(bool toRead)
    {
        _waitsToRead = toRead;
        _waiting = new TaskCompletionSource();
        return _waiting.Task;
    }

    private void StopHere()
    {
        _stop = true;
        if (_waitsToRead && _waiting is { Task.IsCompleted: false } waiting && _from.TryUnwait())
        {
            waiting.TrySetResult();
        }
    }
}
