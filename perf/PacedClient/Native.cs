using System.Runtime.InteropServices;

namespace PacedClient;

/// <summary>The few calls of Linux that pace precisely: the runtime's own sockets wake a thread per event and sleep by milliseconds.</summary>
internal static unsafe partial class Native
{
    public const uint ReadyToRead = 1;
    public const int Add = 1;
    public const int DoNotWait = 0x40;
    public const int NoSignal = 0x4000;
    public const int Again = 11;
    public const int TimerSlack = 29;

    /// <summary>struct epoll_event is packed on x64 alone.</summary>
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    public static readonly int EventDataOffset = EventSize - 8;

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(int epoll, int operation, int file, byte* happening);

    /// <summary>epoll_wait with a timeout in nanoseconds: seconds, nanoseconds.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_pwait2")]
    public static partial int EpollWait(int epoll, byte* events, int count, long* timeout, nint signals);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send")]
    public static partial nint Send(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "prctl")]
    public static partial int ProcessControl(int option, nuint value, nuint b, nuint c, nuint d);
}
