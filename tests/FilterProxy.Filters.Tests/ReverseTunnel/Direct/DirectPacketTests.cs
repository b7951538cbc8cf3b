using System.IO.Pipelines;
using System.Security.Cryptography;
using FilterProxy.Filters.ReverseTunnel.Direct;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>The form of packets, and what becomes of those that have none.</summary>
public sealed class DirectPacketTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(63, 1)]
    [InlineData(64, 2)]
    [InlineData(16_383, 2)]
    [InlineData(16_384, 4)]
    [InlineData((1 << 30) - 1, 4)]
    [InlineData(1 << 30, 8)]
    [InlineData(VarInt.Max, 8)]
    public void Numbers_come_back_and_are_refused_where_they_are_cut_off(long value, int length)
    {
        var bytes = new byte[8];
        Assert.Equal(length, VarInt.Write(bytes, value));
        Assert.Equal(length, VarInt.LengthOf(value));
        ReadOnlySpan<byte> rest = bytes;
        Assert.True(VarInt.TryRead(ref rest, out var read));
        Assert.Equal(value, read);
        Assert.Equal(8 - length, rest.Length);
        for (var cut = 0; cut < length; cut++)
        {
            rest = bytes.AsSpan(0, cut);
            Assert.False(VarInt.TryRead(ref rest, out _));
        }
    }

    [Fact]
    public void Acknowledged_ranges_come_back()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var set = new RangeSet();
            for (var i = random.Next(1, 60); i > 0; i--)
            {
                var start = random.NextInt64(1L << random.Next(1, 50));
                set.Add(start, start + random.Next(1, 100));
            }

            var bytes = new byte[DirectPacket.MaxContent];
            var length = DirectFrame.WriteAck(bytes, set, ReceivedPackets.MostTold, 1234, 5678);
            ReadOnlySpan<byte> content = bytes.AsSpan(0, length);
            Assert.True(DirectFrame.TryRead(ref content, out var frame), $"seed {seed}");
            Assert.True(content.IsEmpty);
            Assert.Equal((1234, 5678), (frame.Delay, frame.Limit));
            for (var i = set.Count - 1; i >= Math.Max(0, set.Count - ReceivedPackets.MostTold); i--)
            {
                Assert.True(frame.Ranges.TryNext(out var start, out var end), $"seed {seed}");
                Assert.Equal(set[i], (start, end));
            }
        }
    }

    [Fact]
    public void Frames_that_are_cut_off_are_refused_at_every_length()
    {
        var set = new RangeSet();
        set.Add(1, 5);
        set.Add(100, 20_000);
        set.Add(1_000_000, 1_000_001);
        var bytes = new byte[DirectPacket.MaxContent];
        var length = DirectFrame.WriteAck(bytes, set, 64, 1_000_000, VarInt.Max);
        AssertRefusedWhenCut(bytes.AsSpan(0, length));

        length = DirectFrame.WriteStreamHead(bytes, 70_000, 300, isLast: true) + 300;
        AssertRefusedWhenCut(bytes.AsSpan(0, length));
    }

    [Fact]
    public void Only_what_the_other_end_sealed_is_opened()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        using var visitor = new DirectCipher(key, isVisitor: true);
        using var opening = new DirectCipher(key, isVisitor: true);
        using var agent = new DirectCipher(key, isVisitor: false);
        var (datagram, content) = (new byte[100], new byte[75]);
        foreach (var number in new[] { 0L, 1, 77, (1L << DirectCipher.KeyBits) - 1, 1L << DirectCipher.KeyBits, (3L << DirectCipher.KeyBits) - 1 })
        {
            RandomNumberGenerator.Fill(datagram.AsSpan(9));
            var plain = datagram[9..84];
            DirectPacket.WriteHeader(datagram, number);
            visitor.Seal(number, datagram);

            Assert.False(agent.TryOpen(number, datagram, content));
            Assert.True(opening.TryOpen(number, datagram, content));
            Assert.Equal(plain, content);
            for (var bit = 0; bit < datagram.Length * 8; bit++)
            {
                datagram[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(opening.TryOpen(number, datagram, content));
                datagram[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            // After those it is careful, and opens what is good all the same.
            content.AsSpan().Clear();
            Assert.True(opening.TryOpen(number, datagram, content));
            Assert.Equal(plain, content);
        }

        Assert.False(opening.TryOpen(9L << DirectCipher.KeyBits, datagram, content));
    }

    [Fact]
    public void Many_wrong_seals_cost_one_exception()
    {
        using var opening = new DirectCipher(new byte[32], isVisitor: true);
        var (datagram, content) = (new byte[1200], new byte[DirectPacket.MaxContent]);
        Assert.False(opening.TryOpen(1, datagram, content));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            Assert.False(opening.TryOpen(1, datagram, content));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 10_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Noise_and_what_was_tampered_with_change_nothing(int seed)
    {
        var link = new DirectLink(seed) { Log = [] };
        var bytes = new byte[30_000];
        link.Random.NextBytes(bytes);
        link.Ends[0].Write(bytes);
        link.Ends[1].Write([]);
        for (var round = 0; round < 300; round++)
        {
            link.Run(() => false, 0.0005);
            var noise = link.Log.Count > 0 && link.Random.Next(2) == 0
                ? Tampered(link.Random, link.Log[link.Random.Next(link.Log.Count)].Datagram)
                : Noise(link.Random);
            link.Deliver(noise, link.Random.Next(2));
        }

        Assert.True(link.Run(() => link.Ends[1].HasEnded, 10), $"seed {seed}");
        Assert.Equal(bytes, link.Ends[1].Received);
        Assert.InRange(link.Ends.Sum(e => e.Engine.Dropped), 250, 300);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_peer_that_seals_nonsense_harms_nobody(int seed)
    {
        var random = new Random(seed);
        var key = new byte[32];
        using var sealing = new DirectCipher(key, isVisitor: true);
        var (output, input) = (new Pipe(), new Pipe(new PipeOptions(pauseWriterThreshold: 0)));
        var engine = new DirectEngine(key, isVisitor: false, output.Reader, input.Writer, 0);
        var scratch = new byte[DirectPacket.MaxSize];
        for (var number = 0; number < 20_000; number++)
        {
            var content = random.Next(3) == 0 ? Frames(random) : RandomBytes(random, random.Next(1, 200));
            var datagram = new byte[DirectPacket.HeaderSize + content.Length + DirectPacket.SealSize];
            content.CopyTo(datagram, DirectPacket.HeaderSize);
            DirectPacket.WriteHeader(datagram, number);
            sealing.Seal(number, datagram);
            engine.Receive(datagram, number * 1000);
            engine.OnTime(number * 1000);
            engine.Flush();
            while (engine.Send(scratch, number * 1000) > 0)
            {
            }
        }
    }

    private static void AssertRefusedWhenCut(ReadOnlySpan<byte> bytes)
    {
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            var content = bytes[..cut];
            Assert.False(DirectFrame.TryRead(ref content, out _));
        }

        var whole = bytes;
        Assert.True(DirectFrame.TryRead(ref whole, out _));
        Assert.True(whole.IsEmpty);
    }

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Frames well formed and without sense. No resets, after which nothing more would be looked at.</summary>
    private static byte[] Frames(Random random)
    {
        var bytes = new byte[200];
        var set = new RangeSet();
        var largest = random.NextInt64(1L << random.Next(1, 62));
        set.Add(largest, largest + random.Next(1, 1000));
        var at = DirectFrame.WriteAck(bytes, set, 64, random.NextInt64(VarInt.Max), random.NextInt64(VarInt.Max));
        at += DirectFrame.WriteStreamHead(bytes.AsSpan(at), random.NextInt64(1L << random.Next(1, 62)), 20, isLast: false) + 20;
        return bytes[..at];
    }

    private static byte[] Noise(Random random)
    {
        var noise = RandomBytes(random, random.Next(random.Next(2) == 0 ? 40 : 1500));
        if (noise.Length > 9 && random.Next(2) == 0)
        {
            DirectPacket.WriteHeader(noise, random.Next(200));
        }

        return noise;
    }

    private static byte[] Tampered(Random random, byte[] datagram)
    {
        switch (random.Next(3))
        {
            case 0:
                return datagram[..random.Next(datagram.Length)];
            case 1:
                return [.. datagram, .. RandomBytes(random, 1 + random.Next(20))];
            default:
                byte[] changed = [.. datagram];
                changed[random.Next(changed.Length)] ^= (byte)(1 + random.Next(255));
                return changed;
        }
    }
}
