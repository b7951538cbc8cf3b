using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace PacedClient;

/// <summary>One keep-alive connection with at most one request on its way.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = GC.AllocateArray<byte>(64 * 1024, pinned: true);
    private int _filled;

    public Connection(string address, int port)
    {
        _socket.Connect(IPAddress.Parse(address), port);
        File = (int)_socket.Handle;
    }

    public int File { get; }

    /// <summary>When the request on its way should have been sent.</summary>
    public long Due { get; set; }

    public unsafe bool Send(byte[] request)
    {
        fixed (byte* bytes = request)
        {
            // A request is far smaller than the empty send buffer of a connection without another request: never in part.
            return Native.Send(File, bytes, request.Length, Native.DoNotWait | Native.NoSignal) == request.Length;
        }
    }

    /// <summary>Reads what is there: the length of the reply once it is whole, 0 before, negative when there will be none.</summary>
    public unsafe int Receive(out bool success)
    {
        success = false;
        fixed (byte* bytes = _buffer)
        {
            var read = Native.Receive(File, bytes + _filled, _buffer.Length - _filled, Native.DoNotWait);
            if (read <= 0)
            {
                return read < 0 && Marshal.GetLastPInvokeError() == Native.Again ? 0 : -1;
            }

            _filled += (int)read;
        }

        var seen = _buffer.AsSpan(0, _filled);
        var head = seen.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return _filled < _buffer.Length ? 0 : -1;
        }

        var length = ContentLength(seen[..(head + 2)]);
        if (length < 0 || head + 4 + length > _buffer.Length)
        {
            return -1;
        }

        if (_filled < head + 4 + length)
        {
            return 0;
        }

        success = seen.StartsWith("HTTP/1.1 200 "u8) && _filled == head + 4 + length;
        _filled = 0;
        return head + 4 + length;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Of a head whose every line ends in CRLF; -1 without one.</summary>
    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var name = "content-length:"u8;
        for (var end = head.IndexOf("\r\n"u8); end >= 0; end = head.IndexOf("\r\n"u8))
        {
            var line = head[..end];
            if (line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name))
            {
                return Utf8Parser.TryParse(line[name.Length..].TrimStart((byte)' '), out int length, out _) ? length : -1;
            }

            head = head[(end + 2)..];
        }

        return -1;
    }
}
