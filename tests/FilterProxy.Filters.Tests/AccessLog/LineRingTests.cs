using System.Text;
using FilterProxy.Filters.AccessLog;
using Xunit;

namespace FilterProxy.Filters.Tests.AccessLog;

public class LineRingTests
{
    [Fact]
    public void Lines_come_out_in_order_across_the_end_of_the_memory()
    {
        var ring = new LineRing(1024);
        var expected = new Queue<string>();
        var seed = 7;
        var random = new Random(seed);
        var buffer = new byte[512];
        for (var i = 0; i < 10_000; i++)
        {
            var line = $"{i}:{new string('x', random.Next(200))}\n";
            if (ring.TryWrite(Encoding.ASCII.GetBytes(line), out _))
            {
                expected.Enqueue(line);
            }

            if (random.Next(3) == 0)
            {
                var length = ring.Read(buffer, out var lines);
                var text = string.Concat(Enumerable.Range(0, lines).Select(_ => expected.Dequeue()));
                Assert.True(text == Encoding.ASCII.GetString(buffer, 0, length), $"seed {seed}, line {i}");
            }
        }
    }

    [Fact]
    public void A_full_ring_refuses_and_takes_again_once_read()
    {
        var ring = new LineRing(1024);
        var line = new byte[100];
        line.AsSpan().Fill((byte)'x');
        var taken = 0;
        while (ring.TryWrite(line, out var waiting))
        {
            taken++;
            Assert.Equal(taken * 104, waiting);
        }

        Assert.Equal(9, taken);
        Assert.Equal(100, ring.Read(new byte[100], out var lines));
        Assert.Equal(1, lines);
        Assert.True(ring.TryWrite(line.AsSpan(0, 60), out _));
    }

    [Fact]
    public void A_line_longer_than_the_longest_is_refused()
    {
        var ring = new LineRing(1024);
        Assert.False(ring.TryWrite(new byte[ring.LongestLine + 1], out _));
        Assert.True(ring.IsEmpty);
    }

    [Fact]
    public void A_line_that_does_not_fit_the_destination_stays()
    {
        var ring = new LineRing(1024);
        ring.TryWrite("abc\n"u8, out _);
        Assert.Equal(0, ring.Read(new byte[3], out _));
        Assert.False(ring.IsEmpty);
        Assert.Equal(4, ring.Read(new byte[4], out _));
        Assert.True(ring.IsEmpty);
    }

    [Fact]
    public async Task Lines_of_many_threads_come_out_whole_and_each_thread_s_in_order()
    {
        const int threads = 4, each = 50_000;
        var ring = new LineRing(4096);
        var producers = Enumerable.Range(0, threads).Select(t => Task.Factory.StartNew(
            () =>
            {
                var line = new byte[64];
                for (var i = 0; i < each; i++)
                {
                    var length = Encoding.ASCII.GetBytes($"{t} {i} {new string((char)('a' + t), i % 40)}\n", line);
                    while (!ring.TryWrite(line.AsSpan(0, length), out _))
                    {
                        Thread.Yield();
                    }
                }
            },
            TaskCreationOptions.LongRunning)).ToArray();

        var next = new int[threads];
        var buffer = new byte[1024];
        while (next.Sum() < threads * each)
        {
            var length = ring.Read(buffer, out _);
            foreach (var line in Encoding.ASCII.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var parts = line.Split(' ');
                var thread = parts[0][0] - '0';
                Assert.Equal(next[thread]++.ToString(), parts[1]);
                Assert.Equal(new string((char)('a' + thread), (next[thread] - 1) % 40), parts[2]);
            }
        }

        await Task.WhenAll(producers);
        Assert.True(ring.IsEmpty);
    }
}
