using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.TestKit;

/// <summary>
/// A client that sends bytes exactly as given and reads responses strictly. Every read has a deadline and fails with what
/// was received so far.
/// </summary>
public sealed class RawClient : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly Socket? _socket;
    private readonly RawReader _reader;

    /// <summary>A client over any duplex stream, e.g. an <c>SslStream</c>; it owns the stream.</summary>
    public RawClient(Stream stream)
        : this(stream, null)
    {
    }

    private RawClient(Stream stream, Socket? socket)
    {
        _stream = stream;
        _socket = socket;
        _reader = new RawReader(stream);
    }

    /// <summary>How long one read may take; 10 seconds unless set.</summary>
    public TimeSpan Deadline
    {
        get => _reader.Deadline;
        set => _reader.Deadline = value;
    }

    /// <summary>Everything received so far.</summary>
    public byte[] Received => _reader.Received.ToArray();

    /// <summary>Whether the peer reset the connection; known once a read met it.</summary>
    public bool WasReset => _reader.WasReset;

    /// <summary>The port this client connects from; 0 when it is not TCP.</summary>
    public int LocalPort => (_socket?.LocalEndPoint as IPEndPoint)?.Port ?? 0;

    /// <summary>Connects to a port of 127.0.0.1.</summary>
    public static Task<RawClient> ConnectAsync(int port) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));

    /// <summary>Connects to an address, e.g. a unix socket.</summary>
    public static async Task<RawClient> ConnectAsync(EndPoint address)
    {
        var socket = address is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await socket.ConnectAsync(address, deadline.Token);
            return new RawClient(new NetworkStream(socket, ownsSocket: true), socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A client of HTTP/1 text on a stream that is to speak HTTP/2.</summary>
    public static async Task<RawClient> OverHttp2Async(Stream stream, string scheme = "http") =>
        new(new H2Bridge(await H2Client.StartAsync(stream, H2Bridge.Window), scheme));

    /// <summary>Sends text as Latin-1, so that every character is one byte.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes);
        await _stream.FlushAsync();
    }

    /// <summary>Sends bytes in pieces of a size, each in a segment of its own as far as TCP allows.</summary>
    public async Task SendSlowlyAsync(ReadOnlyMemory<byte> bytes, int pieceSize = 1)
    {
        for (var sent = 0; sent < bytes.Length; sent += pieceSize)
        {
            await SendAsync(bytes.Slice(sent, Math.Min(pieceSize, bytes.Length - sent)));
            await Task.Yield();
        }
    }

    /// <inheritdoc cref="SendSlowlyAsync(ReadOnlyMemory{byte}, int)"/>
    public Task SendSlowlyAsync(string text, int pieceSize = 1) => SendSlowlyAsync(Encoding.Latin1.GetBytes(text), pieceSize);

    /// <summary>Sends bytes in the two pieces before and from a position.</summary>
    public async Task SendSplitAsync(string text, int position)
    {
        await SendAsync(text[..position]);
        await Task.Yield();
        await SendAsync(text[position..]);
    }

    /// <summary>Reads one response, an interim (1xx) one as well.</summary>
    /// <param name="toHead">The request was HEAD.</param>
    /// <exception cref="RawFormatException">It was malformed, or the connection ended.</exception>
    public Task<RawResponse> ReadResponseAsync(bool toHead = false) =>
        _reader.WithDeadlineAsync("complete response", cancel => new RawResponseReader(_reader).ReadAsync(toHead, cancel));

    /// <summary>Sends a request and reads its response.</summary>
    public async Task<RawResponse> RoundTripAsync(string request)
    {
        await SendAsync(request);
        return await ReadResponseAsync(request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    /// <summary>Reads exactly that many bytes.</summary>
    public Task<byte[]> ReadExactlyAsync(int count) =>
        _reader.WithDeadlineAsync($"{count} bytes", cancel => _reader.ReadExactlyAsync(count, cancel));

    /// <summary>Reads a line without its CRLF; null at the end.</summary>
    public Task<string?> ReadLineAsync() => _reader.WithDeadlineAsync("line", _reader.ReadLineAsync);

    /// <summary>Reads until the peer closes, as Latin-1.</summary>
    public async Task<string> ReadToEndAsync() =>
        Encoding.Latin1.GetString(await _reader.WithDeadlineAsync("end of the stream", _reader.ReadToEndAsync));

    /// <summary>
    /// Whether the peer closes or resets within a time without sending another byte. A byte that comes instead is consumed.
    /// </summary>
    public async Task<bool> IsClosedByPeerAsync(TimeSpan? timeout = null)
    {
        using var deadline = new CancellationTokenSource(timeout ?? Deadline);
        try
        {
            return await _reader.ReadByteAsync(deadline.Token) < 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends sending and goes on reading.</summary>
    public void CloseSending() => (_socket ?? throw new InvalidOperationException("Only a socket has halves.")).Shutdown(SocketShutdown.Send);

    /// <summary>
    /// Over HTTP/2: lets what is sent next begin a request, whatever the last one's body lacks; true. Over HTTP/1 that cannot be; false.
    /// </summary>
    public bool TryLeaveBody()
    {
        (_stream as H2Bridge)?.LeaveBody();
        return _stream is H2Bridge;
    }

    /// <summary>Resets the connection.</summary>
    public void Reset()
    {
        // The stream's own Dispose would shut down first, which sends FIN.
        _socket?.Close(0);
        _stream.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
