using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.Filters.ReverseTunnel.Direct;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>What the protocol is made of, each by itself.</summary>
public sealed class DirectPartsTests
{
    private const long Ms = TimeSpan.TicksPerMillisecond;

    [Fact]
    public void Ranges_are_as_a_plain_set_of_numbers_is()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var (set, plain) = (new RangeSet(), new SortedSet<long>());
            for (var step = 0; step < 60; step++)
            {
                var (start, end) = (random.Next(100), random.Next(100));
                if (random.Next(10) == 0)
                {
                    set.RemoveBelow(start / 3);
                    plain.RemoveWhere(n => n < start / 3);
                }
                else
                {
                    set.Add(start, end);
                    for (var i = start; i < end; i++)
                    {
                        plain.Add(i);
                    }
                }

                var covered = Enumerable.Range(0, 100).Where(n => set.Contains(n)).Select(n => (long)n);
                Assert.True(plain.SequenceEqual(covered), $"seed {seed}");
                for (var i = 1; i < set.Count; i++)
                {
                    Assert.True(set[i - 1].End < set[i].Start, $"seed {seed}");
                }

                var (a, b) = (random.Next(100), random.Next(100));
                Assert.Equal(a < b && Enumerable.Range(a, b - a).All(n => plain.Contains(n)), a < b && set.Covers(a, b));
            }
        }
    }

    [Fact]
    public void The_round_trip_is_smoothed_without_what_the_peer_held_back()
    {
        var trip = new RoundTrip();
        Assert.False(trip.IsKnown);
        trip.Sample(20 * Ms, 9 * Ms);
        Assert.Equal((20 * Ms, 10 * Ms, 20 * Ms), (trip.Smoothed, trip.Variation, trip.Least));

        trip.Sample(30 * Ms, 8 * Ms);
        Assert.Equal(((7 * 20 * Ms) + (22 * Ms)) / 8, trip.Smoothed);
        Assert.Equal(((3 * 10 * Ms) + (2 * Ms)) / 4, trip.Variation);
        Assert.Equal(20 * Ms, trip.Least);

        // More than it may hold back does not count.
        trip.Sample(40 * Ms, 39 * Ms);
        Assert.Equal(((7 * (((7 * 20 * Ms) + (22 * Ms)) / 8)) + (30 * Ms)) / 8, trip.Smoothed);
        Assert.True(trip.ProbeTimeout > trip.Smoothed + RoundTrip.MaxAckDelay);
        Assert.Equal(40 * Ms * 9 / 8, trip.LossDelay);
    }

    [Fact]
    public void The_window_doubles_then_grows_by_a_packet_and_is_reduced_once_a_round_trip()
    {
        var (window, trip) = (new CongestionWindow(), new RoundTrip());
        trip.Sample(20 * Ms, 0);
        window.OnSent(12_000);
        for (var i = 0; i < 10; i++)
        {
            window.OnAcked(1200, sentAt: 0, isUsed: true);
        }

        Assert.Equal(CongestionWindow.Initial + 12_000, window.Size);
        Assert.Equal(0, window.InFlight);

        window.OnLost(sentAt: 5 * Ms, trip, now: 10 * Ms);
        Assert.Equal(12_000, window.Size);
        Assert.False(window.IsSlowStart);
        window.OnLost(sentAt: 9 * Ms, trip, now: 12 * Ms);
        Assert.Equal(12_000, window.Size);
        window.OnSent(24_000);
        window.OnAcked(12_000, sentAt: 8 * Ms, isUsed: true);
        Assert.Equal(12_000, window.Size);
        window.OnAcked(12_000, sentAt: 11 * Ms, isUsed: true);
        Assert.Equal(13_200, window.Size);
        window.OnSent(24_000);
        window.OnAcked(24_000, sentAt: 11 * Ms, isUsed: false);
        Assert.Equal(13_200, window.Size);

        for (var i = 1; i < 20; i++)
        {
            window.OnLost(sentAt: i * 100 * Ms, trip, now: (i * 100 * Ms) + 1);
        }

        Assert.Equal(CongestionWindow.Least, window.Size);
    }

    [Fact]
    public void A_loss_leaves_what_the_path_was_seen_to_carry()
    {
        var (window, trip) = (new CongestionWindow(), new RoundTrip());
        trip.Sample(20 * Ms, 0);
        window.OnSent(108_000);
        window.OnAcked(108_000, 0, isUsed: true);
        Assert.Equal(120_000, window.Size);
        window.OnRound(trip, 20 * Ms);

        window.OnLost(10 * Ms, trip, 30 * Ms);

        Assert.Equal(108_000 + (2 * DirectPacket.MaxSize), window.Size);
        window.OnPersistentCongestion();
        Assert.Equal(CongestionWindow.Least, window.Size);
    }

    [Fact]
    public void Bursts_are_short_and_the_rest_is_spread()
    {
        var (pacer, window, trip) = (new Pacer(), new CongestionWindow(), new RoundTrip());
        trip.Sample(100 * Ms, 0);
        window.OnAcked(1_000_000, 0, isUsed: true);
        var (sent, now) = (0, 0L);
        while (now < 100 * Ms)
        {
            if (pacer.MayGo(window, trip, now))
            {
                pacer.OnSent(1200);
                sent += 1200;
            }
            else
            {
                Assert.InRange(pacer.NextAt, now + 1, now + (10 * Ms));
                now = pacer.NextAt;
            }
        }

        Assert.InRange(sent, window.Size * 3 / 2, window.Size * 5 / 2);
    }

    [Fact]
    public void Pieces_in_any_order_and_several_times_become_the_stream()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 300_000)];
            random.NextBytes(bytes);
            var pieces = new List<(int Start, int End)>();
            for (var at = 0; at < bytes.Length;)
            {
                var end = Math.Min(bytes.Length, at + random.Next(1, 1200));
                pieces.Add((Math.Max(0, at - random.Next(600)), end));
                pieces.Add((at, Math.Min(bytes.Length, end + random.Next(600))));
                at = end;
            }

            var order = pieces.ToArray();
            var near = random.Next(1, 200);
            for (var i = 0; i < order.Length; i++)
            {
                var other = Math.Min(order.Length - 1, i + random.Next(near));
                (order[i], order[other]) = (order[other], order[i]);
            }

            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            var buffer = new ReceiveBuffer(pipe.Writer);
            using var received = new MemoryStream();
            foreach (var (start, end) in order)
            {
                Assert.True(buffer.CanTake(start, end - start, end == bytes.Length));
                buffer.Take(start, bytes.AsSpan(start, end - start), end == bytes.Length);
                buffer.Flush();
                Read(pipe.Reader, received);
                buffer.OnConsumed(received.Length);
            }

            Assert.True(buffer.HasEnded);
            Assert.True(bytes.AsSpan().SequenceEqual(received.ToArray()), $"seed {seed}");
        }
    }

    [Fact]
    public void The_stream_goes_round_the_window_many_times()
    {
        var random = new Random(5);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var buffer = new ReceiveBuffer(pipe.Writer);
        var block = new byte[1000];
        using var received = new MemoryStream();
        long at = 0;
        for (var round = 0; round < 20; round++)
        {
            // As far ahead as the window allows, from the back to the front.
            var count = (int)((buffer.Limit - at) / block.Length);
            for (var i = count - 1; i >= 0; i--)
            {
                Array.Fill(block, (byte)((at / block.Length) + i));
                Assert.True(buffer.CanTake(at + (i * block.Length), block.Length, isLast: false));
                buffer.Take(at + (i * block.Length), block, isLast: false);
            }

            at += count * block.Length;
            Assert.False(buffer.CanTake(at, block.Length, isLast: false));
            buffer.Flush();
            received.SetLength(0);
            Read(pipe.Reader, received);
            var bytes = received.ToArray();
            Assert.Equal(count * block.Length, bytes.Length);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal((byte)(((at - bytes.Length) / block.Length) + i), bytes[i * block.Length]);
            }

            buffer.OnConsumed(at - random.Next(10_000));
            if (random.Next(2) == 0)
            {
                buffer.OnConsumed(at);
            }
        }
    }

    [Fact]
    public void What_contradicts_the_end_or_the_window_is_refused()
    {
        var buffer = new ReceiveBuffer(new Pipe().Writer);
        Assert.False(buffer.CanTake(ReceiveBuffer.Window, 1, isLast: false));
        Assert.True(buffer.CanTake(ReceiveBuffer.Window, 0, isLast: true));
        buffer.Take(100, new byte[100], isLast: false);
        Assert.False(buffer.CanTake(100, 50, isLast: true));
        buffer.Take(300, new byte[10], isLast: true);
        Assert.False(buffer.CanTake(300, 11, isLast: false));
        Assert.False(buffer.CanTake(300, 5, isLast: true));
        Assert.True(buffer.CanTake(300, 10, isLast: true));
        Assert.True(buffer.CanTake(0, 310, isLast: true));
    }

    [Fact]
    public void Every_second_packet_is_acknowledged_and_one_by_itself_a_little_later()
    {
        var received = new ReceivedPackets();
        received.Add(0, asks: true, 0);
        Assert.False(received.IsDue(5 * Ms));
        Assert.True(received.IsDue(RoundTrip.MaxAckDelay));
        received.Add(1, asks: true, 1);
        Assert.True(received.IsDue(1));
        Assert.True(received.Write(new byte[100], 64, 0, 1) > 0);
        Assert.False(received.IsDue(long.MaxValue - 1));

        received.Add(2, asks: false, 2);
        Assert.False(received.IsDue(long.MaxValue - 1));
        received.Add(4, asks: true, 3);
        Assert.True(received.IsDue(3));
        Assert.False(received.IsNew(4));
        Assert.True(received.IsNew(3));
    }

    [Fact]
    public void Numbers_too_old_to_remember_count_as_known()
    {
        var received = new ReceivedPackets();
        for (var number = 1; number < 5_000; number += 2)
        {
            Assert.True(received.IsNew(number));
            received.Add(number, asks: true, 0);
        }

        Assert.False(received.IsNew(0));
        Assert.False(received.IsNew(2));
        Assert.True(received.IsNew(4_996));
    }

    private static void Read(PipeReader reader, MemoryStream into)
    {
        if (reader.TryRead(out var read))
        {
            into.Write(read.Buffer.ToArray());
            reader.AdvanceTo(read.Buffer.End);
        }
    }
}
