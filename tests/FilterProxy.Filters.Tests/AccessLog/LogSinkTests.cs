using System.IO.Compression;
using System.Runtime.InteropServices;
using FilterProxy.Filters.AccessLog;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.AccessLog;

public sealed partial class LogSinkTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly TestExchange _exchange = TestExchange.Get("/").WithResponse(200);
    private readonly string _folder = Directory.CreateTempSubdirectory("access-log-").FullName;

    public LogSinkTests() => _context.Directory = _folder;

    private string LogPath => Path.Combine(_folder, "access.log");

    private long Written => _context.Sum("filterproxy.access_log.written");

    private long Dropped => _context.Sum("filterproxy.access_log.dropped");

    public void Dispose()
    {
        _context.Dispose();
        _exchange.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_line_is_written_within_the_flush_interval()
    {
        await using var filter = await StartAsync();
        filter.OnLogging(_exchange);
        await Poll.UntilAsync(() => Lines(LogPath).Length == 1);
    }

    [Fact]
    public async Task A_full_buffer_drops_lines_counts_them_and_says_so_once()
    {
        var filter = Create(new() { BufferSize = ByteSize.FromKiB(64), TextFormat = Template.Parse(new string('x', 1019)) });

        // Not started, so that nothing empties the buffer.
        for (var i = 0; i < 100; i++)
        {
            filter.OnLogging(_exchange);
        }

        await filter.StartAsync(default);
        await Poll.UntilAsync(() => Written == 64);
        await filter.DisposeAsync();
        Assert.Equal(36, Dropped);
        Assert.Equal($"Warning: 36 lines of the access log {LogPath} were dropped: it is written too slowly.", Assert.Single(_context.LogLines));
    }

    [Fact]
    public async Task A_full_disk_is_reported_once_and_nothing_is_lost_when_it_recovers()
    {
        File.CreateSymbolicLink(LogPath, "/dev/full");
        await using var filter = await StartAsync();
        for (var i = 0; i < 10; i++)
        {
            filter.OnLogging(_exchange);
            var soFar = i;
            await Poll.UntilAsync(() => soFar == 0 || _context.LogLines.Count > 0);
        }

        var error = Assert.Single(_context.LogLines);
        Assert.StartsWith($"Error: The access log {LogPath} cannot be written: ", error, StringComparison.Ordinal);
        Assert.Equal(0, Written);

        File.Delete(LogPath);
        await Poll.UntilAsync(() => Written == 10);
        Assert.Equal(10, Lines(LogPath).Length);
        Assert.Contains(_context.LogLines, l => l.EndsWith("is being written again.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_written_until_the_end_is_counted_as_lost()
    {
        File.CreateSymbolicLink(LogPath, "/dev/full");
        await using (var filter = await StartAsync())
        {
            filter.OnLogging(_exchange);
        }

        Assert.Equal(1, _context.Sum("filterproxy.access_log.lost"));
        Assert.Contains(_context.LogLines, l => l.StartsWith("Error: 1 lines", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_renamed_file_is_opened_again_under_its_name_without_a_signal()
    {
        await using var filter = await StartAsync();
        await LogUntilAsync(filter, () => Written > 0);
        File.Move(LogPath, LogPath + ".1");
        await LogUntilAsync(filter, () => File.Exists(LogPath) && Lines(LogPath).Length > 0);
    }

    [Fact]
    public async Task A_truncated_file_goes_on_at_its_beginning()
    {
        await using var filter = await StartAsync();
        await LogUntilAsync(filter, () => Written > 0);
        using (var file = new FileStream(LogPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(0);
        }

        await LogUntilAsync(filter, () => new FileInfo(LogPath).Length > 0);
        Assert.DoesNotContain('\0', File.ReadAllText(LogPath));
    }

    [Fact]
    public async Task Sigusr1_opens_the_file_again()
    {
        await using var filter = await StartAsync(new() { FlushInterval = TimeSpan.FromMinutes(1) });
        File.Move(LogPath, LogPath + ".1");
        File.WriteAllText(LogPath, "");
        Assert.Equal(0, Kill(Environment.ProcessId, OperatingSystem.IsLinux() ? 10 : 30));
        await Poll.UntilAsync(() => _context.LogLines.Any(l => l.EndsWith("was opened again by a signal.", StringComparison.Ordinal)));
        filter.OnLogging(_exchange);
        await filter.DisposeAsync();
        Assert.Equal((0, 1), (Lines(LogPath + ".1").Length, Lines(LogPath).Length));
    }

    [Fact]
    public async Task Two_filters_on_one_file_share_it_and_the_second_survives_the_first()
    {
        var first = await StartAsync(new() { TextFormat = Template.Parse("first") });
        var second = await StartAsync(new() { TextFormat = Template.Parse("second") });
        for (var i = 0; i < 500; i++)
        {
            first.OnLogging(_exchange);
            second.OnLogging(_exchange);
        }

        await first.DisposeAsync();
        second.OnLogging(_exchange);
        await second.DisposeAsync();
        var lines = Lines(LogPath);
        Assert.Equal((500, 501), (lines.Count(l => l == "first"), lines.Count(l => l == "second")));
    }

    [Fact]
    public async Task No_file_grows_beyond_its_size_and_no_line_is_lost_or_torn_by_rotation()
    {
        var line = Template.Parse("<%REQ(x-n)%>");
        await using (var filter = await StartAsync(new() { TextFormat = line, Rotate = new() { Size = ByteSize.FromKiB(8), Keep = 10_000 }, FlushInterval = TimeSpan.FromMilliseconds(1) }))
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(t => Task.Run(async () =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    using var exchange = TestExchange.Get("/").WithHeader("x-n", $"{t}-{i}");
                    var written = Written;
                    filter.OnLogging(exchange);
                    if (i % 100 == 0)
                    {
                        await Poll.UntilAsync(() => Written > written);
                    }
                }
            })));
        }

        var archive = new LogArchive(LogPath).Files();
        Assert.True(archive.Count > 1);
        var lines = archive.Append(LogPath).SelectMany(Lines).ToList();
        Assert.Equal(Enumerable.Range(0, 3).SelectMany(t => Enumerable.Range(0, 1000).Select(i => $"<{t}-{i}>")).Order(), lines.Order());
    }

    [Fact]
    public async Task A_new_day_begins_a_new_file_and_old_ones_are_compressed_and_deleted()
    {
        var clock = new FakeTimeProvider();
        _context.Clock = clock;
        var options = new AccessLogOptions
        {
            TextFormat = Template.Parse("%REQ(x-day)%"),
            Rotate = new() { Every = RotationPeriod.Day, Keep = 2, Compress = true },
            FlushInterval = TimeSpan.FromMilliseconds(1),
        };
        await using var filter = await StartAsync(options);
        for (var day = 1; day <= 4; day++)
        {
            using var exchange = TestExchange.Get("/").WithHeader("x-day", $"day {day}");
            filter.OnLogging(exchange);
            var expected = day;
            await Poll.UntilAsync(() => Written == expected);
            clock.Advance(TimeSpan.FromDays(1));
            await Poll.UntilAsync(() => new FileInfo(LogPath) is { Exists: false } or { Length: 0 });
        }

        var archive = new LogArchive(LogPath);
        await Poll.UntilAsync(() => archive.Files() is { Count: 2 } files && files.All(f => f.EndsWith(".gz", StringComparison.Ordinal)));
        Assert.Equal(["day 3\n", "day 4\n"], archive.Files().Select(Unzip));
    }

    [Fact]
    public async Task An_hour_passes_while_a_day_does_not()
    {
        var clock = new FakeTimeProvider();
        _context.Clock = clock;
        await using var filter = await StartAsync(new() { Rotate = new() { Every = RotationPeriod.Hour }, FlushInterval = TimeSpan.FromMilliseconds(1) });
        filter.OnLogging(_exchange);
        await Poll.UntilAsync(() => Written == 1);
        clock.Advance(TimeSpan.FromMinutes(61));
        await Poll.UntilAsync(() => new LogArchive(LogPath).Files().Count == 1);
    }

    [Fact]
    public async Task A_file_of_yesterday_is_put_aside_by_today_s_first_line()
    {
        File.WriteAllText(LogPath, "yesterday\n");
        File.SetLastWriteTimeUtc(LogPath, DateTime.UtcNow.AddDays(-1));
        await using (var filter = await StartAsync(new() { Rotate = new() { Every = RotationPeriod.Day } }))
        {
            filter.OnLogging(_exchange);
        }

        Assert.Equal(["yesterday"], Lines(Assert.Single(new LogArchive(LogPath).Files())));
        Assert.Single(Lines(LogPath));
    }

    [Fact]
    public async Task Other_files_beside_the_log_are_left_alone()
    {
        string[] others = ["access.log.1", "access.log.old.gz", "access.log.20260102-030405.678.bak", "other.log"];
        foreach (var other in others)
        {
            File.WriteAllText(Path.Combine(_folder, other), "x");
        }

        await using (var filter = await StartAsync(new() { Rotate = new() { Size = new ByteSize(1024), Keep = 1, Compress = true }, FlushInterval = TimeSpan.FromMilliseconds(1) }))
        {
            await LogUntilAsync(filter, () => new LogArchive(LogPath).Files().Count == 1);
        }

        Assert.All(others, other => Assert.True(File.Exists(Path.Combine(_folder, other)), other));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    private static string[] Lines(string file) => File.ReadAllText(file).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Unzip(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    private static async Task LogUntilAsync(AccessLogFilter filter, Func<bool> condition)
    {
        using var exchange = TestExchange.Get("/");
        await Poll.UntilAsync(() =>
        {
            filter.OnLogging(exchange);
            return condition();
        });
    }

    private AccessLogFilter Create(AccessLogOptions options) => new(options with { Path = "access.log" }, _context);

    private async Task<AccessLogFilter> StartAsync(AccessLogOptions? options = null)
    {
        var filter = Create(options ?? new() { FlushInterval = TimeSpan.FromMilliseconds(5) });
        await filter.StartAsync(default);
        return filter;
    }
}
