using System.IO.Pipelines;
using FilterProxy.Filters.ReverseTunnel.Udp;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Udp;

/// <summary>Datagrams within a byte stream.</summary>
public sealed class DatagramStreamTests
{
    [Fact]
    public async Task Datagrams_are_whole_in_whatever_pieces_their_stream_comes()
    {
        const int Seed = 20_260_711;
        var random = new Random(Seed);
        var sent = Enumerable.Range(0, 300).Select(i =>
        {
            var datagram = new byte[i % 50 == 7 ? DatagramQueue.Longest : i % 9 == 0 ? 0 : random.Next(2000)];
            random.NextBytes(datagram);
            return datagram;
        }).ToList();
        var bytes = await WrittenAsync(sent);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var got = new List<byte[]>();
        using var reader = Reader(pipe, got);
        var reading = reader.RunAsync(default);
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(bytes.Length - at, random.Next(3) == 0 ? random.Next(1, 4) : random.Next(1, 40_000));
            await pipe.Writer.WriteAsync(bytes.AsMemory(at, count));
            at += count;
        }

        await pipe.Writer.CompleteAsync();
        await reading;

        Assert.True(sent.Count == got.Count && sent.Zip(got).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)), $"seed {Seed}");
    }

    [Fact]
    public async Task A_length_no_datagram_has_is_an_error()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[] { 0, 1, 7, 0xff, 0xff });
        var got = new List<byte[]>();
        using var reader = Reader(pipe, got);

        await Assert.ThrowsAsync<InvalidDataException>(() => reader.RunAsync(default));
    }

    [Fact]
    public async Task A_stream_that_takes_nothing_costs_datagrams_and_never_a_wait()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
        await using var queue = new DatagramQueue(10_000);
        queue.Attach(pipe.Writer);
        Assert.True(queue.TryAdd(new byte[1000]));
        queue.Send();
        await Poll.UntilAsync(() => pipe.Reader.TryRead(out var read) && Look(pipe, read.Buffer.Length) == 1002);

        var taken = Enumerable.Range(0, 100).Count(_ => queue.TryAdd(new byte[998]));

        Assert.Equal(10, taken);
    }

    [Fact]
    public async Task Datagrams_that_come_before_there_is_a_stream_are_sent_when_there_is()
    {
        var pipe = new Pipe();
        await using var queue = new DatagramQueue(10_000);
        Assert.True(queue.TryAdd([1]));
        queue.Send();
        Assert.True(queue.TryAdd([2, 3]));

        queue.Attach(pipe.Writer);

        var read = await pipe.Reader.ReadAtLeastAsync(7);
        Assert.Equal([0, 1, 1, 0, 2, 2, 3], System.Buffers.BuffersExtensions.ToArray(read.Buffer));
    }

    [Fact]
    public async Task A_queue_whose_stream_is_broken_takes_nothing_more()
    {
        var pipe = new Pipe();
        await using var queue = new DatagramQueue(10_000);
        await pipe.Writer.CompleteAsync();
        queue.Attach(pipe.Writer);

        await Poll.UntilAsync(() =>
        {
            var isTaken = queue.TryAdd([1]);
            queue.Send();
            return !isTaken;
        });
    }

    private static long Look(Pipe pipe, long length)
    {
        pipe.Reader.AdvanceTo(default, default);
        return length;
    }

    private static DatagramReader Reader(Pipe pipe, List<byte[]> got) => new(pipe.Reader, batch =>
    {
        for (var i = 0; i < batch.Count; i++)
        {
            got.Add(batch[i].ToArray());
        }
    });

    private static async Task<byte[]> WrittenAsync(List<byte[]> datagrams)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await using var queue = new DatagramQueue(int.MaxValue);
        queue.Attach(pipe.Writer);
        foreach (var datagram in datagrams)
        {
            Assert.True(queue.TryAdd(datagram));
            queue.Send();
        }

        var whole = datagrams.Sum(datagram => datagram.Length + DatagramQueue.HeadLength);
        var read = await pipe.Reader.ReadAtLeastAsync(whole);
        return System.Buffers.BuffersExtensions.ToArray(read.Buffer);
    }
}
