using System.Buffers;
using System.Text;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Downstream;

public sealed class Http2FrameMeterTests : IDisposable
{
    // Ten seconds ahead of one a second.
    private const int Ahead = 10;

    private static readonly byte[] Preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    private static readonly byte[] Ping = new H2Frame(H2FrameType.Ping, 0, 0, new byte[8]).ToBytes();
    private readonly FakeTimeProvider _time = new();
    private readonly Heartbeat _heartbeat;
    private readonly Http2FrameMeter _meter;

    public Http2FrameMeterTests()
    {
        _heartbeat = new Heartbeat(_time);
        _meter = new Http2FrameMeter(1, _heartbeat);
        Assert.True(Pass(Preface));
    }

    public void Dispose() => _heartbeat.Dispose();

    [Fact]
    public void Frames_without_work_are_taken_ahead_of_time_and_then_no_more() => Assert.Equal(Ahead, Taken(Ping));

    [Theory]
    [InlineData(H2FrameType.Settings, 0, 0)]
    [InlineData(H2FrameType.Settings, 1, 0)]
    [InlineData(H2FrameType.WindowUpdate, 0, 4)]
    [InlineData(H2FrameType.Priority, 0, 5)]
    [InlineData(H2FrameType.RstStream, 0, 4)]
    [InlineData(H2FrameType.Data, 0, 0)]
    [InlineData((H2FrameType)200, 0, 3)]
    public void Each_kind_that_carries_no_request_counts(H2FrameType type, byte flags, int length) =>
        Assert.Equal(Ahead, Taken(new H2Frame(type, flags, 1, new byte[length]).ToBytes()));

    [Theory]
    [InlineData(H2FrameType.Headers, 5, 20)]
    [InlineData(H2FrameType.Headers, 0, 0)]
    [InlineData(H2FrameType.Continuation, 0, 20)]
    [InlineData(H2FrameType.Data, 0, 1)]
    [InlineData(H2FrameType.Data, 0, 16_384)]
    [InlineData(H2FrameType.Data, 1, 0)]
    public void What_is_of_a_request_does_not_count(H2FrameType type, byte flags, int length)
    {
        var frame = new H2Frame(type, flags, 1, new byte[length]).ToBytes();

        Assert.Equal(1000, Taken(frame, most: 1000));
    }

    [Fact]
    public void Time_gives_more()
    {
        Taken(Ping);
        _time.Advance(TimeSpan.FromSeconds(4));

        // One was over the limit already.
        Assert.Equal(3, Taken(Ping));
    }

    [Fact]
    public void However_long_a_connection_was_silent_it_gets_no_more_than_it_had_at_first()
    {
        Taken(Ping);
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.InRange(Taken(Ping), Ahead - 1, Ahead + 1);
    }

    [Fact]
    public void What_the_client_is_sent_gives_more_but_answers_to_its_questions_do_not_pay_for_them()
    {
        Taken(Ping);
        _meter.Sent(32 * 6);
        Assert.Equal(5, Taken(Ping));

        var pings = 0;
        while (pings < 1000 && Pass(Ping))
        {
            _meter.Sent(Ping.Length);
            pings++;
        }

        Assert.InRange(pings, 0, 2);
    }

    [Fact]
    public void Without_a_limit_everything_passes()
    {
        var meter = new Http2FrameMeter(0, _heartbeat);

        Assert.All(Enumerable.Range(0, 10_000), _ => Assert.True(meter.Pass(new ReadOnlySequence<byte>(Ping))));
    }

    [Fact]
    public void Wherever_the_bytes_are_parted_the_count_is_the_same()
    {
        byte[] all =
        [
            .. Preface, .. Ping, .. new H2Frame(H2FrameType.Headers, 5, 1, new byte[30]).ToBytes(), .. new H2Frame(H2FrameType.Data, 0, 1, new byte[70]).ToBytes(),
            .. Enumerable.Repeat(Ping, 20).SelectMany(f => f),
        ];
        var expected = FirstRefusal(all, 1);
        Assert.InRange(expected, 1, all.Length);
        for (var piece = 2; piece < all.Length; piece++)
        {
            // Refused with the piece that ends the header of the frame too many.
            Assert.Equal((expected + piece - 1) / piece, (FirstRefusal(all, piece) + piece - 1) / piece);
        }
    }

    private int FirstRefusal(byte[] bytes, int piece)
    {
        var meter = new Http2FrameMeter(1, _heartbeat);
        for (var at = 0; at < bytes.Length; at += piece)
        {
            var end = Math.Min(at + piece, bytes.Length);
            if (!meter.Pass(new ReadOnlySequence<byte>(bytes, at, end - at)))
            {
                return end;
            }
        }

        return -1;
    }

    private int Taken(byte[] frame, int most = 100)
    {
        var taken = 0;
        while (taken < most && Pass(frame))
        {
            taken++;
        }

        return taken;
    }

    private bool Pass(byte[] bytes) => _meter.Pass(new ReadOnlySequence<byte>(bytes));
}
