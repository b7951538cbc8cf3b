using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FilterProxy.Filters.Datagrams;

/// <summary>
/// Datagrams that are received, and sent on, together: of many that wait on Linux one system call takes several (recvmmsg(2), sendmmsg(2));
/// elsewhere each has its own. Never waits.
/// </summary>
internal sealed unsafe partial class DatagramBatch
{
    /// <summary>Datagrams one can hold.</summary>
    public const int Most = 16;

    private const int SlotSize = ushort.MaxValue + 1;
    private const int AddressSize = 32; // struct sockaddr_in6 has 28
    private const int DontWait = 0x40, Interrupted = 4;
    private static readonly bool AreManyKnown = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    [ThreadStatic]
    private static DatagramBatch? t_own;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Most * SlotSize, pinned: true);
    private readonly byte[] _senders = GC.AllocateArray<byte>(Most * AddressSize, pinned: true);
    private readonly byte[] _receiver = GC.AllocateArray<byte>(AddressSize, pinned: true);
    private readonly Piece[] _pieces = GC.AllocateArray<Piece>(Most, pinned: true);
    private readonly Message[] _messages = GC.AllocateArray<Message>(Most, pinned: true);
    private SocketAddress? _sender;

    public DatagramBatch()
    {
        for (var i = 0; i < Most; i++)
        {
            _pieces[i].Start = PointerTo(_bytes, i * SlotSize);
            _messages[i].Head.Pieces = (Piece*)Marshal.UnsafeAddrOfPinnedArrayElement(_pieces, i);
            _messages[i].Head.PieceCount = 1;
        }
    }

    /// <summary>The calling thread's, for work that waits for nothing: what comes is passed on before anything is waited for.</summary>
    public static DatagramBatch OfThread => t_own ??= new DatagramBatch();

    /// <summary>Datagrams in it.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of a datagram.</summary>
    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(index * SlotSize, LengthOf(index));

    public int LengthOf(int index) => (int)_messages[index].Length;

    /// <summary>Where a datagram came from.</summary>
    public void CopySender(int index, SocketAddress into)
    {
        into.Size = (int)_messages[index].Head.NameLength;
        _senders.AsSpan(index * AddressSize, into.Size).CopyTo(into.Buffer.Span);
    }

    /// <summary>Puts one behind those it holds, of which there are fewer than <see cref="Most"/>.</summary>
    public void Add(ReadOnlySpan<byte> datagram)
    {
        datagram.CopyTo(_bytes.AsSpan(Count * SlotSize, SlotSize));
        _messages[Count++].Length = (uint)datagram.Length;
    }

    /// <summary>Holds none any more.</summary>
    public void Clear() => Count = 0;

    /// <summary>Takes what waits in a socket's buffer, instead of what it holds. None with an error, which is what waited.</summary>
    public SocketError Receive(Socket socket)
    {
        Count = 0;
        if (!AreManyKnown)
        {
            return ReceiveOne(socket);
        }

        for (var i = 0; i < Most; i++)
        {
            _pieces[i].Length = SlotSize;
            _messages[i].Head.Name = PointerTo(_senders, i * AddressSize);
            _messages[i].Head.NameLength = AddressSize;
        }

        int received;
        do
        {
            received = ReceiveMany(socket.SafeHandle, MessageAt(0), Most, DontWait, null);
        }
        while (received < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        Count = Math.Max(0, received);
        return received < 0 ? ErrorOf(Marshal.GetLastPInvokeError()) : SocketError.Success;
    }

    /// <summary>Sends datagrams it holds, as far as that goes.</summary>
    /// <param name="socket">By which.</param>
    /// <param name="first">Where to begin.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Where to; null where the socket is connected.</param>
    /// <param name="sent">How many went.</param>
    /// <returns>What became of the one behind those.</returns>
    public SocketError Send(Socket socket, int first, int count, SocketAddress? to, out int sent)
    {
        if (!AreManyKnown)
        {
            return SendOne(socket, first, to, out sent);
        }

        to?.Buffer.Span[..to.Size].CopyTo(_receiver);
        for (var i = first; i < first + count; i++)
        {
            _pieces[i].Length = _messages[i].Length;
            _messages[i].Head.Name = to is null ? null : PointerTo(_receiver, 0);
            _messages[i].Head.NameLength = (uint)(to?.Size ?? 0);
        }

        int done;
        do
        {
            // It tells the error of the first only: that of a later one comes with the next call, which begins there.
            done = SendMany(socket.SafeHandle, MessageAt(first), (uint)count, DontWait);
        }
        while (done < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        sent = Math.Max(0, done);
        return done < 0 ? ErrorOf(Marshal.GetLastPInvokeError()) : SocketError.Success;
    }

    /// <summary>Sends datagrams it holds, one after the other, whatever becomes of those before.</summary>
    /// <param name="socket">By which.</param>
    /// <param name="first">Where to begin.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Where to; null where the socket is connected.</param>
    /// <param name="lost">Told of each that did not go; <see cref="SocketError.Shutdown"/> where the socket is closed.</param>
    /// <returns>How many went.</returns>
    public int SendAll(Socket socket, int first, int count, SocketAddress? to, Action<SocketError> lost)
    {
        var gone = 0;
        for (var end = first + count; first < end;)
        {
            var (error, sent) = (SocketError.Shutdown, 0);
            try
            {
                error = Send(socket, first, end - first, to, out sent);
            }
            catch (ObjectDisposedException)
            {
                // Whoever closed it knows.
            }

            (first, gone) = (first + sent, gone + sent);
            if (error != SocketError.Success)
            {
                first++;
                lost(error);
            }
        }

        return gone;
    }

    private static SocketError ErrorOf(int errno) => errno switch
    {
        11 => SocketError.WouldBlock,
        90 => SocketError.MessageSize,
        101 => SocketError.NetworkUnreachable,
        104 => SocketError.ConnectionReset,
        105 or 12 => SocketError.NoBufferSpaceAvailable,
        111 => SocketError.ConnectionRefused,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };

    private static byte* PointerTo(byte[] pinned, int at) => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, at);

    private Message* MessageAt(int index) => (Message*)Marshal.UnsafeAddrOfPinnedArrayElement(_messages, index);

    private SocketError ReceiveOne(Socket socket)
    {
        if (_sender?.Family != socket.AddressFamily)
        {
            _sender = new SocketAddress(socket.AddressFamily);
        }

        try
        {
            _messages[0].Length = (uint)socket.ReceiveFrom(_bytes.AsSpan(0, SlotSize), SocketFlags.None, _sender);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }

        _sender.Buffer.Span[.._sender.Size].CopyTo(_senders);
        _messages[0].Head.NameLength = (uint)_sender.Size;
        Count = 1;
        return SocketError.Success;
    }

    private SocketError SendOne(Socket socket, int index, SocketAddress? to, out int sent)
    {
        sent = 0;
        try
        {
            _ = to is null ? socket.Send(this[index]) : socket.SendTo(this[index], SocketFlags.None, to);
            sent = 1;
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    private static partial int ReceiveMany(SafeHandle socket, Message* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    private static partial int SendMany(SafeHandle socket, Message* messages, uint count, int flags);

    /// <summary><c>struct iovec</c>.</summary>
    private struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary><c>struct msghdr</c> of 64 bits, without what stays zero.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    private struct MessageHead
    {
        [FieldOffset(0)]
        public byte* Name;

        [FieldOffset(8)]
        public uint NameLength;

        [FieldOffset(16)]
        public Piece* Pieces;

        [FieldOffset(24)]
        public nuint PieceCount;
    }

    /// <summary><c>struct mmsghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Message
    {
        public MessageHead Head;
        public uint Length;
    }
}
