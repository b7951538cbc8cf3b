using System.Net.Sockets;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>Receives on the far side of a pair, without ever blocking a test for good.</summary>
internal static class FarSocket
{
    public static async Task<byte[]> ReceiveAsync(Socket far, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var got = await far.ReceiveAsync(bytes.AsMemory(at));
            Assert.NotEqual(0, got);
            at += got;
        }

        return bytes;
    }

    public static async Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync(Socket far)
    {
        using var received = new MemoryStream();
        var buffer = new byte[65_536];
        try
        {
            while (await far.ReceiveAsync(buffer) is > 0 and var got)
            {
                received.Write(buffer, 0, got);
            }

            return (received.ToArray(), true);
        }
        catch (SocketException)
        {
            return (received.ToArray(), false);
        }
    }
}
