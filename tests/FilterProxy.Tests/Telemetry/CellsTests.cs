using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed class CellsTests
{
    [Fact]
    public void What_all_threads_have_counted_is_added_up()
    {
        var cells = new Cells(2);
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                cells.Add(1, 3);
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal((0, 240_000), (cells.Read(0), cells.Read(1)));
    }

    [Fact]
    public void A_thread_that_is_gone_leaves_its_counts_and_its_number()
    {
        var cells = new Cells(1);
        var numbers = new HashSet<int>();
        for (var i = 0; i < 200; i++)
        {
            var thread = new Thread(() =>
            {
                cells.Add(0, 1);
                numbers.Add(ThreadSlot.Current);
            });
            thread.Start();
            thread.Join();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(200, cells.Read(0));
        Assert.InRange(numbers.Count, 1, 100);
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        var series = new HistogramSeries(Labels.None, new Buckets([0.1, 1], 1000), 2);

        Assert.Equal(0, Allocations.Of(() => series.Record(70, 1, 2)));
    }

    [Fact]
    public void Series_are_found_by_their_key_however_many_there_are()
    {
        var table = new SeriesTable<string>();
        for (var i = 0; i < 5_000; i++)
        {
            Assert.Null(table.Find(i * 7));
            table.GetOrAdd(i * 7, 0, static (key, _) => $"{key}");
        }

        Assert.Equal(5_000, table.Count);
        Assert.All(Enumerable.Range(0, 5_000), i => Assert.Equal($"{i * 7}", table.Find(i * 7)));
    }
}
