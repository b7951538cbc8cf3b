using System.Buffers;
using FilterProxy.Filters.Cache;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>The tier on disk.</summary>
public sealed class CacheDiskTests : IDisposable
{
    private static readonly byte[] Key = "http://example.com/"u8.ToArray();
    private readonly ScratchFolder _folder = new();
    private readonly TestComponentContext _context = new();

    [Fact]
    public async Task What_was_kept_is_there_after_a_restart()
    {
        var options = new CacheOptions { Disk = new CacheDiskOptions { Path = _folder.Path } };
        using (var before = new CacheRig(options))
        {
            before.Answering(("cache-control", "max-age=60"), ("vary", "a"), ("x-a", "1"));
            await before.GetAsync("/", ("a", "1"));
            await Poll.UntilAsync(() => Files().Length == 1);
        }

        // The origin has another answer by now, which those get who come before the folder has been read.
        using var after = new CacheRig(options).Answering(("cache-control", "no-store"), ("x-a", "2"));
        await Poll.UntilAsync(async () =>
        {
            using var exchange = await after.GetAsync("/", ("a", "1"));
            return exchange.Response.Headers["x-a"] == "1" && exchange.BodyText == "hello";
        });
    }

    [Fact]
    public async Task A_response_is_read_as_it_was_written()
    {
        using var disk = Open();
        var response = Response("hello") with { Tags = ["a", "b"], ETag = "\"v1\""u8.ToArray() };
        disk.Write(Key, response);
        await Poll.UntilAsync(() => disk.Contains(Key));
        var read = Assert.Single(await disk.ReadAsync(Key, default));

        Assert.Equal((200, response.Received, response.Lifetime), (read.Status, read.Received, read.Lifetime));
        Assert.Equal("hello"u8, read.Body.ToArray());
        Assert.Equal(response.Fields.Size, read.Fields.Size);
        Assert.Equal(["a", "b"], read.Tags);
        Assert.Equal("\"v1\""u8.ToArray(), read.ETag);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_was_cut_or_changed_is_not_sent(bool cut)
    {
        using var disk = Open();
        disk.Write(Key, Response("hello"));
        await Poll.UntilAsync(() => disk.Contains(Key));
        var file = Assert.Single(Files());
        var bytes = File.ReadAllBytes(file);
        bytes[^40] ^= 1;
        File.WriteAllBytes(file, cut ? bytes[..^1] : bytes);

        Assert.Empty(await disk.ReadAsync(Key, default));
        Assert.Equal((1, false), (disk.Failures, disk.Contains(Key)));
    }

    [Fact]
    public async Task When_the_disk_is_full_memory_goes_on_alone()
    {
        using var disk = DiskTier.Open(_folder.Path, _context.Logger, static (_, _) => throw new IOException("No space left on device"));
        disk.Write(Key, Response("hello"));
        await Poll.UntilAsync(() => disk.Failures == 1);
        disk.Write(Key, Response("hello"));

        Assert.False(disk.Contains(Key));
        await Poll.UntilAsync(() => _context.LogLines.Any(line => line.Contains("No space left on device", StringComparison.Ordinal)));
        await Poll.UntilAsync(() => Directory.GetFiles(_folder.Path).Length == 0);
    }

    [Fact]
    public async Task What_was_used_longest_ago_goes_when_the_size_is_reached()
    {
        using var disk = Open();
        disk.Capacity = 10_000;
        for (var i = 0; i < 10; i++)
        {
            disk.Write([.. Key, (byte)('0' + i)], Response(new string('x', 3000)));
        }

        await Poll.UntilAsync(() => disk.Contains([.. Key, (byte)'9']));

        Assert.InRange(disk.Bytes, 3000, 10_000);
        Assert.False(disk.Contains([.. Key, (byte)'0']));
        Assert.Equal(disk.Count, Files().Length);
    }

    [Fact]
    public async Task A_purge_removes_files()
    {
        using var disk = Open();
        disk.Write(Key, Response("hello"));
        await Poll.UntilAsync(() => disk.Contains(Key));

        Assert.Equal(1, disk.RemoveWhere((address, _) => address == "http://example.com/"));
        Assert.Empty(Files());
    }

    public void Dispose()
    {
        _context.Dispose();
        _folder.Dispose();
    }

    private static StoredResponse Response(string body) => new()
    {
        Status = 200,
        Fields = PreparedFields.Build(0, static (map, _) => map.Append("x-a", "1")),
        Body = new ReadOnlySequence<byte>(System.Text.Encoding.ASCII.GetBytes(body)),
        Received = 1000,
        InitialAge = 0,
        Lifetime = 60_000,
        ForbidsStale = false,
    };

    private DiskTier Open() => DiskTier.Open(_folder.Path, _context.Logger);

    private string[] Files() => Directory.GetFiles(_folder.Path, "*.cached");
}
