using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>
/// A pipe of the kernel (pipe(7)) through which bytes go from one socket to another without being copied into this process (splice(2)).
/// </summary>
internal sealed unsafe partial class LinuxPipe : IDisposable
{
    /// <summary>Bytes one holds, where the system allows as many.</summary>
    public const int Size = 256 * 1024;

    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int SetSize = 1031, GetFlags = 3, SetFlags = 4;
    private const uint Move = 1, DoNotBlock = 2;
    private const int KeptPerThread = 16;

    [ThreadStatic]
    private static Stack<LinuxPipe>? t_free;

    private readonly int _out;
    private readonly int _in;

    private LinuxPipe(int read, int write) => (_out, _in) = (read, write);

    /// <summary>Bytes in it.</summary>
    public int Held { get; private set; }

    /// <summary>An empty one; null when there is none to be had.</summary>
    public static LinuxPipe? Take()
    {
        if (t_free is { Count: > 0 } free)
        {
            return free.Pop();
        }

        var ends = stackalloc int[2];
        if (!LinuxSockets.AreKnown || Make(ends, NonBlocking | CloseOnExec) != 0)
        {
            return null;
        }

        // More is better, and who may have no more has 64 KiB.
        _ = Control(ends[1], SetSize, Size);
        return new LinuxPipe(ends[0], ends[1]);
    }

    /// <summary>Splicing heeds the descriptor's own flag, whatever is said in the call.</summary>
    public static bool TryUnblock(SafeSocketHandle socket)
    {
        var flags = Control(socket, GetFlags, 0);
        return flags >= 0 && ((flags & NonBlocking) != 0 || Control(socket, SetFlags, flags | NonBlocking) == 0);
    }

    /// <summary>Takes bytes from a socket: their number, 0 at its end, or -errno.</summary>
    public int Fill(SafeSocketHandle from, int most)
    {
        nint moved;
        do
        {
            moved = Splice(from, 0, _in, 0, most, Move | DoNotBlock);
        }
        while (moved < 0 && Marshal.GetLastPInvokeError() == LinuxSockets.Interrupted);
        Held += (int)Math.Max(0, moved);
        return moved < 0 ? -Marshal.GetLastPInvokeError() : (int)moved;
    }

    /// <summary>Gives what it holds to a socket: the number of bytes, or -errno.</summary>
    public int Drain(SafeSocketHandle to)
    {
        nint moved;
        do
        {
            moved = Splice(_out, 0, to, 0, Held, Move | DoNotBlock);
        }
        while (moved < 0 && Marshal.GetLastPInvokeError() == LinuxSockets.Interrupted);
        Held -= (int)Math.Max(0, moved);
        return moved < 0 ? -Marshal.GetLastPInvokeError() : (int)moved;
    }

    /// <summary>Gives it back: an empty one serves others of this thread.</summary>
    public void Dispose()
    {
        var free = t_free ??= new Stack<LinuxPipe>();
        if (Held == 0 && EventLoop.Current is not null && free.Count < KeptPerThread)
        {
            free.Push(this);
            return;
        }

        _ = Close(_out);
        _ = Close(_in);
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Make(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint value);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeHandle descriptor, int command, nint value);

    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    private static partial nint Splice(SafeHandle from, nint fromOffset, int to, nint toOffset, nint length, uint flags);

    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    private static partial nint Splice(int from, nint fromOffset, SafeHandle to, nint toOffset, nint length, uint flags);
}
