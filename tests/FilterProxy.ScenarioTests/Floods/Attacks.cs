using System.Net.Sockets;
using System.Text;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Floods;

/// <summary>What a hostile client does with its connection. Each ends with an exception when the connection is taken from it.</summary>
internal static class Attacks
{
    private const int Burst = 50;
    private static readonly TimeSpan s_slowly = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] s_manyFields = Encoding.ASCII.GetBytes(
        "GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"X-{i}: {new string('x', 20)}\r\n")) + "\r\n");

    private static readonly byte[] s_requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n", 10)));

    /// <summary>A head byte by byte.</summary>
    public static Task SlowHeadAsync(Socket socket, CancellationToken stop) => DripAsync(socket, "GET / HTTP/1.1\r\nHost: a\r\nX: ", stop);

    /// <summary>A body byte by byte.</summary>
    public static Task SlowBodyAsync(Socket socket, CancellationToken stop) =>
        DripAsync(socket, "POST /flood HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", stop);

    /// <summary>A large response byte by byte.</summary>
    public static async Task SlowReadAsync(Socket socket, CancellationToken stop)
    {
        await socket.SendAsync("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), stop);
        var one = new byte[1];
        while (true)
        {
            await Task.Delay(s_slowly, stop);
            await ReceiveAsync(socket, one, stop);

            // What has arrived can be read on after a reset, for as long as it lasts.
            if (socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int error and not 0)
            {
                throw new SocketException(error);
            }
        }
    }

    /// <summary>Nothing at all.</summary>
    public static async Task ConnectAsync(Socket socket, CancellationToken stop)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        enough.CancelAfter(TimeSpan.FromMilliseconds(10));
        try
        {
            await ReceiveAsync(socket, new byte[1], enough.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Let in, and of no more use.
        }
    }

    /// <summary>Streams of HTTP/2 that are reset as soon as they are opened (CVE-2023-44487).</summary>
    public static async Task RapidResetAsync(Socket socket, CancellationToken stop)
    {
        await socket.SendAsync((byte[])[.. H2Client.Preface, .. H2Frame.Settings().ToBytes()], stop);
        var drain = DrainAsync(socket, stop);
        for (var stream = 1; !drain.IsCompleted; stream += 2 * Burst)
        {
            var burst = Enumerable.Range(0, Burst).Select(i => stream + (2 * i)).SelectMany(id =>
                H2Client.HeadersFrame(id, end: true).ToBytes().Concat(H2Frame.Number(H2FrameType.RstStream, id, 8).ToBytes()));
            await socket.SendAsync((byte[])[.. burst], stop);
            await Task.Delay(TimeSpan.FromMilliseconds(50), stop);
        }

        await drain;
    }

    /// <summary>Heads that are far too large, over HTTP/1 and, as a field block without end, over HTTP/2.</summary>
    public static async Task HeadersAsync(Socket socket, CancellationToken stop)
    {
        if (Random.Shared.Next(2) == 0)
        {
            await socket.SendAsync(s_manyFields, stop);
            await DrainAsync(socket, stop);
            return;
        }

        await socket.SendAsync(
            (byte[])[.. H2Client.Preface, .. H2Frame.Settings().ToBytes(), .. new H2Frame(H2FrameType.Headers, H2Frame.EndStream, 1, Hpack.Encode(H2Client.Head())).ToBytes()], stop);
        var piece = new H2Frame(H2FrameType.Continuation, 0, 1, Hpack.Encode(("x-a", new string('x', 8000)))).ToBytes();
        var drain = DrainAsync(socket, stop);
        while (!drain.IsCompleted)
        {
            await socket.SendAsync(piece, stop);
        }

        await drain;
    }

    /// <summary>Requests that are as they should be, and too many.</summary>
    public static async Task RequestsAsync(Socket socket, CancellationToken stop)
    {
        var drain = DrainAsync(socket, stop);
        while (!drain.IsCompleted)
        {
            await socket.SendAsync(s_requests, stop);
            await Task.Delay(s_slowly, stop);
        }

        await drain;
    }

    private static async Task DripAsync(Socket socket, string beginning, CancellationToken stop)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(beginning), stop);
        var drain = DrainAsync(socket, stop);
        while (!drain.IsCompleted)
        {
            await Task.Delay(s_slowly, stop);
            await socket.SendAsync("x"u8.ToArray(), stop);
        }

        await drain;
    }

    private static async Task DrainAsync(Socket socket, CancellationToken stop)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            await ReceiveAsync(socket, buffer, stop);
        }
    }

    private static async Task ReceiveAsync(Socket socket, byte[] buffer, CancellationToken stop)
    {
        if (await socket.ReceiveAsync(buffer, stop) == 0)
        {
            throw new SocketException((int)SocketError.ConnectionReset);
        }
    }
}
