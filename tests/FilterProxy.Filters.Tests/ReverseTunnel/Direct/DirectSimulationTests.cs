using FilterProxy.Filters.ReverseTunnel.Direct;
using Microsoft.AspNetCore.Connections;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>Both ends of the protocol over a link that a test makes as bad as it likes, in a time of its own.</summary>
public sealed class DirectSimulationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0.01, 0, 0, 0)]
    [InlineData(0.1, 0.05, 0, 0.1)]
    [InlineData(0.3, 0.3, 0.05, 0.3)]
    [InlineData(0, 0, 0.1, 0)]
    [InlineData(0, 0.5, 0, 1)]
    public void Every_byte_arrives_both_ways_and_so_do_the_ends(double loss, double duplicates, double corruption, double reordering)
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var trouble = new LinkTrouble { Loss = loss, Duplicates = duplicates, Corruption = corruption, Reordering = reordering };
            var link = new DirectLink(seed, trouble with { Delay = 0.1 + (seed % 5 * 12) });
            var (up, down) = (Bytes(seed, link.Random.Next(200_000)), Bytes(seed + 1, link.Random.Next(seed % 4 == 0 ? 10 : 200_000)));
            link.Ends[0].Write(up);
            link.Ends[1].Write(down);

            Assert.True(link.Run(() => link.Ends[0].HasEnded && link.Ends[1].HasEnded), $"seed {seed}: not there after {link.Elapsed}");
            Assert.True(up.AsSpan().SequenceEqual(link.Ends[1].Received), $"seed {seed}: up");
            Assert.True(down.AsSpan().SequenceEqual(link.Ends[0].Received), $"seed {seed}: down");
            Assert.True(link.Run(() => link.Ends[0].Engine.IsClosed && link.Ends[1].Engine.IsClosed), $"seed {seed}: not closed");
            Assert.All(link.Ends, e => Assert.Null(e.ReadFailure));
        }
    }

    [Theory]
    [InlineData(0.0, 20)]
    [InlineData(0.01, 20)]
    [InlineData(0.001, 100)]
    [InlineData(0.02, 5)]
    public void A_path_that_loses_by_chance_is_used(double loss, int roundTrip)
    {
        // 25 MB/s.
        var link = new DirectLink(7, new LinkTrouble { Loss = loss, Delay = roundTrip / 2.0, Rate = 25_000, Queue = 500_000 });
        var bytes = Bytes(1, 24_000_000);
        link.Ends[0].Write(bytes);
        link.Ends[1].Write([]);

        Assert.True(link.Run(() => link.Ends[1].HasEnded));

        var rate = bytes.Length / link.Elapsed.TotalSeconds / 1e6;
        output.WriteLine($"{loss:p1} loss, {roundTrip} ms: {rate:0.0} MB/s, {link.Ends[0].Engine.Sender.Lost} of {link.Ends[0].Engine.Sender.Packets.Next} lost");
        Assert.InRange(rate, 3, 25);
    }

    [Fact]
    public void A_narrow_path_is_shared_out_and_not_flooded()
    {
        // 1 MB/s and 50 ms of queue.
        var link = new DirectLink(7, new LinkTrouble { Delay = 15, Rate = 1_000, Queue = 50_000 });
        link.Ends[0].Write(Bytes(1, 5_000_000));
        link.Ends[1].Write([]);

        Assert.True(link.Run(() => link.Ends[1].HasEnded));

        var sender = link.Ends[0].Engine.Sender;
        output.WriteLine($"{5 / link.Elapsed.TotalSeconds:0.00} MB/s, {sender.Lost} of {sender.Packets.Next} lost");
        Assert.InRange(link.Elapsed.TotalSeconds, 4, 8);
        Assert.InRange(sender.Lost, 0, sender.Packets.Next / 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_was_recorded_and_comes_again_changes_nothing(int seed)
    {
        var link = new DirectLink(seed, new LinkTrouble { Loss = 0.05 }) { Log = [] };
        var (up, down) = (Bytes(seed, 100_000), Bytes(seed, 50_000));
        link.Ends[0].Write(up);
        link.Ends[1].Write(down);
        while (!link.Run(() => link.Ends[0].HasEnded && link.Ends[1].HasEnded, 0.02))
        {
            foreach (var (datagram, to) in link.Log.Where(_ => link.Random.Next(4) == 0).ToList())
            {
                link.Deliver(datagram, to);

                // An end must not take what it has sent itself, either.
                link.Deliver(datagram, 1 - to);
            }
        }

        Assert.Equal(up, link.Ends[1].Received);
        Assert.Equal(down, link.Ends[0].Received);
        Assert.True(link.Ends[0].Engine.Dropped > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_reader_that_stops_stops_the_sender_and_a_lost_update_does_not_keep_it(int updatesLost)
    {
        var link = new DirectLink(3);
        var bytes = Bytes(1, 10_000_000);
        link.Ends[0].Write(bytes);
        link.Ends[1].IsReading = false;
        link.Run(() => false, 20);
        var written = link.Ends[0].Written;
        Assert.InRange(written, ReceiveBuffer.Window, ReceiveBuffer.Window + (3 << 20));
        var datagrams = link.Datagrams;
        link.Run(() => false, 20);
        Assert.Equal(written, link.Ends[0].Written);
        Assert.InRange(link.Datagrams - datagrams, 1, 50);

        var left = updatesLost;
        link.Passes = (to, _) => to == 1 || left-- <= 0;
        link.Ends[1].IsReading = true;
        var from = link.Now;
        Assert.True(link.Run(() => link.Ends[1].HasEnded, 20));
        Assert.Equal(bytes, link.Ends[1].Received);
        Assert.InRange(TimeSpan.FromTicks(link.Now - from).TotalSeconds, 0, 10);
    }

    [Fact]
    public void A_reset_at_any_moment_reaches_the_other_end()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var link = new DirectLink(seed, new LinkTrouble { Loss = seed % 3 * 0.1 });
            link.Ends[0].Write(Bytes(seed, 2_000_000));
            link.Ends[1].Write(Bytes(seed, 2_000_000));
            link.Ends[0].EndsOutput = link.Ends[1].EndsOutput = false;
            link.Run(() => false, seed * 0.02);
            link.Ends[seed % 2].Engine.Reset(link.Now);

            Assert.True(link.Run(() => link.Ends.All(e => e.ReadFailure is not null), 5), $"seed {seed}");
            Assert.IsType<ConnectionAbortedException>(link.Ends[seed % 2].ReadFailure);
            Assert.IsType<ConnectionResetException>(link.Ends[1 - (seed % 2)].ReadFailure);
            Assert.True(link.Run(() => link.Ends.All(e => e.Engine.IsClosed), 10), $"seed {seed}: not closed");
            Assert.Equal(DirectEnd.Reset, link.Ends[1 - (seed % 2)].Engine.End);
        }
    }

    [Fact]
    public void Both_ends_that_reset_at_once_are_closed()
    {
        var link = new DirectLink(1);
        link.Run(() => false, 0.1);
        link.Ends[0].Engine.Reset(link.Now);
        link.Ends[1].Engine.Reset(link.Now);

        Assert.True(link.Run(() => link.Ends.All(e => e.Engine.IsClosed), 10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_that_is_silent_times_out(bool isIdle)
    {
        var link = new DirectLink(1);
        link.Ends[0].Write(Bytes(1, 1_000));
        link.Ends[0].EndsOutput = false;
        Assert.True(link.Run(() => link.Ends[1].ReceivedLength == 1_000));
        link.Run(() => false, 1);
        link.Passes = static (_, _) => false;
        if (!isIdle)
        {
            link.Ends[0].Write(Bytes(1, 2_000));
        }

        Assert.False(link.Run(() => link.Ends[0].ReadFailure is not null, 28));
        Assert.True(link.Run(() => link.Ends[0].ReadFailure is not null, 20));
        Assert.Contains("timed out", Assert.IsType<ConnectionResetException>(link.Ends[0].ReadFailure).Message, StringComparison.Ordinal);
        Assert.Equal(DirectEnd.TimedOut, link.Ends[0].Engine.End);
        Assert.True(link.Ends[0].Engine.IsClosed);
    }

    [Fact]
    public void An_idle_connection_stays_and_says_something_every_so_often()
    {
        var link = new DirectLink(1, new LinkTrouble { Loss = 0.2 });
        link.Run(() => false, 1);
        var before = link.Datagrams;
        link.Run(() => false, 3600);

        Assert.All(link.Ends, e => Assert.Equal(DirectEnd.None, e.Engine.End));
        Assert.InRange(link.Datagrams - before, 2 * 3600 / 16, 3 * 2 * 3600 / 15);
    }

    [Fact]
    public void With_another_key_nothing_is_taken()
    {
        var link = new DirectLink(1, sameKey: false);
        link.Ends[0].Write(Bytes(1, 10_000));
        link.Ends[1].Write(Bytes(1, 10_000));
        link.Run(() => false, 29);

        Assert.All(link.Ends, e => Assert.Equal(0, e.ReceivedLength));
        Assert.All(link.Ends, e => Assert.True(e.Engine.Dropped > 5));
        Assert.True(link.Run(() => link.Ends.All(e => e.Engine.End == DirectEnd.TimedOut), 10));
    }

    [Fact]
    public void An_end_that_is_left_after_its_output_ended_delivers_it_all()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var link = new DirectLink(seed, new LinkTrouble { Loss = 0.1 });
            var bytes = Bytes(seed, 400_000);
            link.Ends[0].Write(bytes);
            link.Ends[0].Work(link.Random);
            link.Ends[0].Engine.Leave(link.Now);

            // The peer says something first, and ends when it has seen the end: neither is a reset.
            link.Ends[1].EndsOutput = false;
            link.Ends[1].Write(Bytes(seed, 20_000));
            Assert.True(link.Run(() => link.Ends[1].HasEnded), $"seed {seed}");
            Assert.Equal(bytes, link.Ends[1].Received);
            link.Ends[1].EndsOutput = true;
            Assert.True(link.Run(() => link.Ends.All(e => e.Engine.IsClosed), 20), $"seed {seed}");
            Assert.Equal(DirectEnd.Finished, link.Ends[1].Engine.End);
        }
    }

    [Fact]
    public void Who_sends_to_an_end_that_was_left_learns_of_it()
    {
        var link = new DirectLink(1);
        link.Ends[0].Write([1, 2, 3]);
        link.Run(() => link.Ends[1].HasEnded, 5);
        link.Run(() => false, 1);
        link.Ends[0].Engine.Leave(link.Now);
        link.Ends[1].Write(Bytes(1, 10_000_000));

        Assert.True(link.Run(() => link.Ends[1].Engine.End == DirectEnd.Reset, 2));
        Assert.True(link.Run(() => link.Ends.All(e => e.Engine.IsClosed), 10));
    }

    [Fact]
    public void An_end_that_is_left_before_its_output_ended_resets()
    {
        var link = new DirectLink(1);
        link.Ends[0].EndsOutput = false;
        link.Ends[0].Write(Bytes(1, 1_000));
        link.Run(() => link.Ends[1].ReceivedLength > 0);
        link.Ends[0].Engine.Leave(link.Now);

        Assert.True(link.Run(() => link.Ends[1].ReadFailure is ConnectionResetException, 5));
    }

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
