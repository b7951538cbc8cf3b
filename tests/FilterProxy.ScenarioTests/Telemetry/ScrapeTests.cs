using System.Diagnostics;
using System.IO.Pipelines;
using FilterProxy.Core.Telemetry.Metrics;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests.Telemetry;

[Collection(nameof(Alone))]
public sealed class ScrapeTests(ITestOutputHelper output)
{
    private const int Histograms = 1_000;
    private static readonly byte[] Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray();

    /// <summary>More than 10,000 lines, written without a pause, beside requests on the same two processors.</summary>
    [Fact]
    public async Task Requests_hardly_notice_that_metrics_are_being_read()
    {
        using var upstream = new QuietUpstream("\r\n\r\n"u8.ToArray());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.Direct);
        for (var i = 0; i < Histograms; i++)
        {
            proxy.Engine.Services.Metrics!.Requests.Of($"route-{i}").Of("origin", new ResultKey(HttpMethodKind.Get, 200, ProxyErrorKind.None)).Record(i, 1, 1);
        }

        using var client = new QuietClient(proxy.Port, Get);
        var quiet = await P99Async(client);
        using var stop = new CancellationTokenSource();
        var (scraping, bytes) = (ScrapeAsync(proxy, stop.Token), 0L);
        var scraped = await P99Async(client);
        await stop.CancelAsync();
        (var scrapes, bytes) = await scraping;

        output.WriteLine($"p99 {quiet.TotalMilliseconds:0.000} ms, {scraped.TotalMilliseconds:0.000} ms during {scrapes} scrapes of {bytes} bytes");
        Assert.True(scrapes > 0 && bytes > Histograms * 17 * 60, $"{scrapes} scrapes of {bytes} bytes");
        Assert.InRange(scraped, TimeSpan.Zero, (quiet * 10) + TimeSpan.FromMilliseconds(50));
    }

    private static Task<TimeSpan> P99Async(QuietClient client) => Task.Factory.StartNew(
        () =>
        {
            client.Run(1_000);
            var times = new TimeSpan[4_000];
            for (var i = 0; i < times.Length; i++)
            {
                var began = Stopwatch.GetTimestamp();
                client.Run(1);
                times[i] = Stopwatch.GetElapsedTime(began);
            }

            return times.Order().ElementAt(times.Length * 99 / 100);
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private static async Task<(int Scrapes, long Bytes)> ScrapeAsync(TestProxy proxy, CancellationToken stop)
    {
        var scrapes = 0;
        var counted = new CountingStream();
        while (!stop.IsCancellationRequested)
        {
            counted.Count = 0;
            await proxy.Engine.Exposition.WriteAsync(PipeWriter.Create(counted), MetricsFormat.OpenMetrics, CancellationToken.None);
            scrapes++;
        }

        return (scrapes, counted.Count);
    }

    /// <summary>Swallows bytes and counts them.</summary>
    private sealed class CountingStream : Stream
    {
        public long Count { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Count;

        public override long Position { get; set; }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Count += count;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Count += buffer.Length;
            return default;
        }
    }
}
