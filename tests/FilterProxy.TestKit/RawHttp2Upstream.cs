using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.TestKit;

/// <summary>
/// A scripted HTTP/2 origin in the clear, frame by frame: it does what no well-behaved server does. Field names it sends are literals,
/// those it receives are not decoded.
/// </summary>
public sealed class RawHttp2Upstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<RawHttp2Stream, Task> _script;
    private readonly ConcurrentBag<Task> _running = [];
    private readonly Task _accepting;
    private int _connections;
    private int _requests;
    private int _pings;

    private RawHttp2Upstream(Func<RawHttp2Stream, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Frames that reset a stream of ours: stream and error code.</summary>
    public ConcurrentQueue<(int Stream, int Code)> Resets { get; } = new();

    /// <summary>Whether PING is answered.</summary>
    public bool AnswersPing { get; private init; }

    /// <summary>How many PING frames came that ask for an answer.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>Calls the script for each request, when its head has come.</summary>
    public static RawHttp2Upstream Start(Func<RawHttp2Stream, Task> script, bool answersPing = true) => new(script) { AnswersPing = answersPing };

    /// <inheritdoc cref="Start(Func{RawHttp2Stream, Task}, bool)"/>
    public static RawHttp2Upstream Start(Action<RawHttp2Stream> script, bool answersPing = true) => Start(
        stream =>
        {
            script(stream);
            return Task.CompletedTask;
        },
        answersPing);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting; // before the listener stops: one that is no longer listening throws where it is asked to accept once more
        _listener.Stop();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                _running.Add(ServeAsync(client, Interlocked.Increment(ref _connections)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client, int connection)
    {
        var scripts = new List<Task>();
        try
        {
            using (client)
            {
                var stream = client.GetStream();
                var writer = new RawHttp2Writer(stream);
                await stream.ReadExactlyAsync(new byte[24], _stop.Token);
                writer.Frame(4, 0, 0, []);
                var head = new byte[9];
                while (true)
                {
                    await stream.ReadExactlyAsync(head, _stop.Token);
                    var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                    await stream.ReadExactlyAsync(payload, _stop.Token);
                    var id = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue;
                    switch (head[3])
                    {
                        case 1:
                            scripts.Add(_script(new RawHttp2Stream(writer, id, connection, Interlocked.Increment(ref _requests))));
                            break;
                        case 0 when payload.Length > 0:
                            writer.WindowUpdate(0, payload.Length);
                            writer.WindowUpdate(id, payload.Length);
                            break;
                        case 3:
                            Resets.Enqueue((id, BinaryPrimitives.ReadInt32BigEndian(payload)));
                            break;
                        case 4 when (head[4] & 1) == 0:
                            writer.Frame(4, 1, 0, []);
                            break;
                        case 6 when (head[4] & 1) == 0:
                            Interlocked.Increment(ref _pings);
                            if (AnswersPing)
                            {
                                writer.Frame(6, 1, 0, payload);
                            }

                            break;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy, or the test, is through with it.
        }

        await Task.WhenAll(scripts);
    }
}

/// <summary>One request of <see cref="RawHttp2Upstream"/>, and the frames to answer it with.</summary>
/// <param name="Writer">Of its connection.</param>
/// <param name="Id">Of the stream.</param>
/// <param name="Connection">From 1 up.</param>
/// <param name="Number">Of the request, over all connections, from 1 up.</param>
public sealed record RawHttp2Stream(RawHttp2Writer Writer, int Id, int Connection, int Number)
{
    public RawHttp2Stream Headers(bool end, params (string Name, string Value)[] fields)
    {
        Writer.Frame(1, (byte)(4 | (end ? 1 : 0)), Id, RawHttp2Writer.Encode(fields));
        return this;
    }

    public RawHttp2Stream Data(string text, bool end)
    {
        Writer.Frame(0, (byte)(end ? 1 : 0), Id, Encoding.Latin1.GetBytes(text));
        return this;
    }

    public void Reset(int code) => Writer.Frame(3, 0, Id, Number4(code));

    public void GoAway(int lastStream, int code) => Writer.Frame(7, 0, 0, [.. Number4(lastStream), .. Number4(code)]);

    public void Close() => Writer.Close();

    private static byte[] Number4(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}

/// <summary>Writes frames, one at a time.</summary>
public sealed class RawHttp2Writer(Stream stream)
{
    private readonly Lock _lock = new();

    public void Frame(byte type, byte flags, int id, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
        payload.CopyTo(frame, 9);
        lock (_lock)
        {
            stream.Write(frame);
        }
    }

    public void WindowUpdate(int id, int count)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, count);
        Frame(8, 0, id, bytes);
    }

    public void Close() => stream.Dispose();

    /// <summary>Literals without indexing and without Huffman (RFC 7541 §6.2.2).</summary>
    public static byte[] Encode((string Name, string Value)[] fields)
    {
        var bytes = new List<byte>();
        foreach (var (name, value) in fields)
        {
            bytes.Add(0);
            Text(bytes, name);
            Text(bytes, value);
        }

        return [.. bytes];
    }

    private static void Text(List<byte> bytes, string text)
    {
        if (text.Length < 127)
        {
            bytes.Add((byte)text.Length);
        }
        else
        {
            bytes.Add(127);
            var left = text.Length - 127;
            for (; left >= 128; left >>= 7)
            {
                bytes.Add((byte)(0x80 | (left & 0x7F)));
            }

            bytes.Add((byte)left);
        }

        bytes.AddRange(Encoding.Latin1.GetBytes(text));
    }
}
