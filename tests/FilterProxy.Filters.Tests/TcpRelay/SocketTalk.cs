using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Talking over a bare socket, each step with a deadline.</summary>
internal static class SocketTalk
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task SayAsync(this Socket socket, string text)
    {
        using var limit = new CancellationTokenSource(Patience);
        await socket.SendAsync(Encoding.ASCII.GetBytes(text), limit.Token);
    }

    public static async Task<string> HearAsync(this Socket socket, int length)
    {
        using var limit = new CancellationTokenSource(Patience);
        var bytes = new byte[length];
        for (var got = 0; got < length;)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(got), limit.Token);
            if (read == 0)
            {
                throw new EndOfStreamException($"Ended after {got} of {length} bytes: {Encoding.ASCII.GetString(bytes, 0, got)}");
            }

            got += read;
        }

        return Encoding.ASCII.GetString(bytes);
    }

    /// <summary>Whether the next thing is the orderly end: true; a reset: false.</summary>
    public static async Task<bool> EndsOrderlyAsync(this Socket socket)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return await socket.ReceiveAsync(new byte[1], limit.Token) == 0
                ? true
                : throw new InvalidOperationException("There were bytes where the end was expected.");
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            return false;
        }
    }

    /// <summary>Closes with a reset.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }
}
