using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests;

/// <summary>An HTTP/2 client that allocates nothing once it is connected: one request after the other, responses only counted.</summary>
internal sealed class QuietH2Client : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _stream = 1;

    public QuietH2Client(int port, params (string Name, string Value)[] fields)
    {
        _request = H2Client.HeadersFrame(1, end: true, fields).ToBytes();
        _socket.Connect(IPAddress.Loopback, port);
        _socket.Send([
            .. H2Client.Preface, .. H2Frame.Settings((4, int.MaxValue)).ToBytes(), .. H2Frame.Number(H2FrameType.WindowUpdate, 0, int.MaxValue - 65_535).ToBytes(),
            .. (H2Frame.Settings() with { Flags = H2Frame.Ack }).ToBytes()]);
    }

    public void Run(int requests)
    {
        for (var i = 0; i < requests; i++, _stream += 2)
        {
            BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(5), _stream);
            _socket.Send(_request);
            ReadToEnd();
        }
    }

    public void Dispose() => _socket.Dispose();

    // Every frame of the stream, and those of the connection between them, up to the one that ends it.
    private void ReadToEnd()
    {
        for (var (start, end) = (0, 0); ;)
        {
            while (end - start < 9 || end - start < 9 + LengthAt(start))
            {
                var count = _socket.Receive(_buffer.AsSpan(end));
                end += count > 0 ? count : throw new IOException("The proxy closed the connection.");
            }

            var frame = new H2Header((H2FrameType)_buffer[start + 3], _buffer[start + 4], BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(start + 5)));
            start += 9 + LengthAt(start);
            if (frame.Stream == _stream && frame.Type is H2FrameType.Data or H2FrameType.Headers && (frame.Flags & H2Frame.EndStream) != 0)
            {
                return;
            }
        }
    }

    private int LengthAt(int start) => (_buffer[start] << 16) | BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(start + 1));

    private readonly record struct H2Header(H2FrameType Type, byte Flags, int Stream);
}
