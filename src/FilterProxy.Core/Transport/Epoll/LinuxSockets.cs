using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>The system calls of the epoll transport, as the kernel has them (Linux; numbers of its generic ABI).</summary>
internal static unsafe partial class LinuxSockets
{
    public const int EpollCloseOnExec = 0x80000;
    public const int EventNonBlocking = 0x800;
    public const int EventCloseOnExec = 0x80000;
    public const int ControlAdd = 1;
    public const uint Readable = 0x1, Writable = 0x4, Failed = 0x8, HungUp = 0x10, PeerClosed = 0x2000, EdgeTriggered = 1u << 31;

    public const int Interrupted = 4, Again = 11, InProgress = 115;

    // Numbers of sendto, recvfrom and sendmsg: of x64, and of the generic table arm64 has.
    private static readonly nint s_send = IsX64 ? 44 : 206, s_receive = IsX64 ? 45 : 207, s_sendMessage = IsX64 ? 46 : 211;

    private const int DontWait = 0x40, NoSignal = 0x4000, PeekAtData = 0x2;
    private const int Stream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000;

    /// <summary>Bytes of one <c>struct epoll_event</c>: the kernel packs it on x64, and there alone.</summary>
    public static readonly int EventSize = IsX64 ? 12 : 16;

    /// <summary>Where its user data begins.</summary>
    public static readonly int EventDataOffset = EventSize - sizeof(long);

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Whether the constants above hold for this machine.</summary>
    public static bool AreKnown => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int ControlEpoll(int epoll, int operation, SafeHandle descriptor, void* change);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int ControlEpoll(int epoll, int operation, int descriptor, void* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int WaitEpoll(int epoll, void* events, int max, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(SafeHandle socket, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetOption(SafeHandle socket, int level, int option, void* value, uint* length);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint socket, void* what, nint second, nint third, nint fourth, nint fifth);

    /// <summary>Receives what is there. The number of bytes, 0 at the end, or -errno.</summary>
    public static int Receive(SafeSocketHandle socket, Span<byte> into) => Receive(socket, into, DontWait);

    /// <summary>As <see cref="Receive(SafeSocketHandle, Span{byte})"/>, and leaves it there.</summary>
    public static int Peek(SafeSocketHandle socket, Span<byte> into) => Receive(socket, into, DontWait | PeekAtData);

    /// <summary>Sends what there is room for. The number of bytes, or -errno.</summary>
    public static int Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Call(s_send, socket, start, bytes.Length, DontWait | NoSignal);
        }
    }

    /// <summary>As <see cref="Send(SafeSocketHandle, ReadOnlySpan{byte})"/>, of two runs of bytes in one call.</summary>
    public static int Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> behind)
    {
        fixed (byte* first = bytes, second = behind)
        {
            var runs = stackalloc Run[2];
            runs[0] = new Run { Start = first, Length = bytes.Length };
            runs[1] = new Run { Start = second, Length = behind.Length };
            var message = new MessageHeader { Runs = runs, Count = 2 };
            return Call(s_sendMessage, socket, &message, DontWait | NoSignal, 0);
        }
    }

    /// <summary>Begins to connect a new socket. 0 when it is connected, -EINPROGRESS while it is under way, or -errno.</summary>
    public static int BeginConnect(System.Net.EndPoint address, out SafeSocketHandle socket)
    {
        var native = address.Serialize();
        var bytes = native.Buffer.Span;

        // The native form begins with the family's native number.
        var descriptor = Socket(BitConverter.ToUInt16(bytes), Stream | NonBlocking | CloseOnExec, 0);
        socket = new SafeSocketHandle(descriptor, ownsHandle: true);
        if (descriptor < 0)
        {
            return -Marshal.GetLastPInvokeError();
        }

        fixed (byte* start = bytes)
        {
            return Connect(socket, start, (uint)native.Size) == 0 ? 0 : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>The pending error of a socket, which is thereby taken: 0 or errno.</summary>
    public static int TakeError(SafeSocketHandle socket)
    {
        const int SocketLevel = 1, ErrorOption = 4;
        var error = 0;
        var length = (uint)sizeof(int);
        return GetOption(socket, SocketLevel, ErrorOption, &error, &length) == 0 ? error : Marshal.GetLastPInvokeError();
    }

    /// <summary>The runtime's name for an error number.</summary>
    public static SocketError ErrorOf(int errno) => errno switch
    {
        0 => SocketError.Success,
        11 => SocketError.TryAgain,
        13 or 1 => SocketError.AccessDenied,
        23 or 24 => SocketError.TooManyOpenSockets,
        32 => SocketError.Shutdown,
        97 => SocketError.AddressFamilyNotSupported,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        105 or 12 => SocketError.NoBufferSpaceAvailable,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        2 => SocketError.ConnectionRefused, // a unix socket's path that is not there
        _ => SocketError.SocketError,
    };

    private static int Receive(SafeSocketHandle socket, Span<byte> into, int flags)
    {
        fixed (byte* start = into)
        {
            return Call(s_receive, socket, start, into.Length, flags);
        }
    }

    /// <summary>
    /// One of the calls every request makes, by its number: libc's own functions for them are cancellation points, which takes atomic operations
    /// in a process with threads, and the error number is asked for only where there is one.
    /// </summary>
    private static int Call(nint number, SafeSocketHandle socket, void* what, nint second, nint third)
    {
        var isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            while (true)
            {
                var result = SystemCall(number, socket.DangerousGetHandle(), what, second, third, 0, 0);
                if (result >= 0)
                {
                    return (int)result;
                }

                if (Marshal.GetLastSystemError() is var error && error != Interrupted)
                {
                    return -error;
                }
            }
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    /// <summary><c>struct iovec</c>.</summary>
    private struct Run
    {
        public byte* Start;
        public nint Length;
    }

    /// <summary><c>struct msghdr</c> of 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public nuint NameLength;
        public Run* Runs;
        public nuint Count;
        public void* Control;
        public nuint ControlLength;
        public nint Flags;
    }
}
