using System.Buffers;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Core.Transport.Epoll;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on direct connections that an event loop of the engine waits for, where the platform has those.</summary>
public sealed class EpollWriterTests() : DirectWriterContract(onOwnLoop: true)
{
    [Fact]
    public async Task A_large_sequence_takes_what_is_written_along_in_one_packet()
    {
        using var side = new DirectWriterSide(EpollLoop.Next());
        side.Direct.Write("head"u8);
        await side.Direct.SendAsync(new ReadOnlySequence<byte>(new byte[20_000]));

        var received = await side.ReceiveAsync(20_004);
        Assert.Equal("head", Encoding.Latin1.GetString(received, 0, 4));
        Assert.Equal(1u, PacketsWithData(side.Far));
    }

    [Fact]
    public async Task What_a_full_socket_did_not_take_follows_byte_for_byte()
    {
        using var side = new DirectWriterSide(EpollLoop.Next());
        side.Near.SendBufferSize = 8 * 1024;
        var head = new byte[300_000];
        var body = new byte[300_000];
        new Random(7).NextBytes(head);
        new Random(8).NextBytes(body);
        side.Direct.Write(head);
        var sending = side.Direct.SendAsync(new ReadOnlySequence<byte>(body)).AsTask();

        byte[] expected = [.. head, .. body];
        var received = await side.ReceiveAsync(expected.Length);
        await sending;
        Assert.True(expected.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public void A_large_sequence_allocates_nothing_once_warm()
    {
        using var side = new DirectWriterSide(EpollLoop.Next());
        var body = new ReadOnlySequence<byte>(new byte[10_000]);
        var received = new byte[10_004];
        void Once()
        {
            side.Direct.Write("head"u8);
            side.Direct.SendAsync(body).GetAwaiter().GetResult();
            for (var left = received.Length; left > 0;)
            {
                left -= side.Far.Receive(received.AsSpan(0, left), SocketFlags.None);
            }
        }

        Assert.Equal(0, Allocations.Of(Once));
    }

    // tcp(7), struct tcp_info: tcpi_data_segs_in.
    private static uint PacketsWithData(Socket socket)
    {
        const int Tcp = 6, Info = 11, Place = 152;
        var info = new byte[256];
        var length = socket.GetRawSocketOption(Tcp, Info, info);
        Assert.InRange(length, Place + sizeof(uint), info.Length);
        return BitConverter.ToUInt32(info, Place);
    }
}
