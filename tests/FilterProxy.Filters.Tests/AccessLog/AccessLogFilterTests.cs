using System.Runtime.Versioning;
using System.Text.Json;
using FilterProxy.Filters.AccessLog;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.AccessLog;

public sealed class AccessLogFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("access-log-").FullName;

    public AccessLogFilterTests() => _context.Directory = _folder;

    private string LogPath => Path.Combine(_folder, "access.log");

    public void Dispose()
    {
        _context.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_default_line_tells_request_response_and_upstream()
    {
        using var exchange = Exchange();
        var line = Assert.Single(await LogAsync(new(), exchange));
        Assert.Matches(
            """^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] "GET /a\?b=1 HTTP/1\.1" 200 - via_upstream 0 5 \d+ - "203\.0\.113\.9" "agent" "-" "example\.com" home web "10\.0\.0\.5:80" -$""",
            line);
    }

    [Fact]
    public async Task A_custom_line_of_text_is_written_with_one_line_feed()
    {
        using var exchange = Exchange();
        var lines = await LogAsync(new() { TextFormat = Template.Parse("%METHOD%=%RESPONSE_CODE%\n") }, exchange, exchange);
        Assert.Equal(["GET=200", "GET=200"], lines);
    }

    [Fact]
    public async Task A_line_of_JSON_has_typed_default_fields()
    {
        using var exchange = Exchange();
        using var json = JsonDocument.Parse(Assert.Single(await LogAsync(Json(), exchange)));
        Assert.Equal("GET", json.RootElement.GetProperty("method").GetString());
        Assert.Equal("/a?b=1", json.RootElement.GetProperty("path").GetString());
        Assert.Equal(200, json.RootElement.GetProperty("status").GetInt32());
        Assert.Equal(5, json.RootElement.GetProperty("bytes_sent").GetInt64());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("request_id").ValueKind);
        Assert.Equal("10.0.0.5:80", json.RootElement.GetProperty("upstream").GetString());
    }

    [Fact]
    public async Task Own_JSON_fields_are_added_and_replace_default_ones()
    {
        using var exchange = Exchange();
        var options = Json(("tenant", "%REQ(x-tenant)%"), ("path", "%PATH(NQ)%"), ("odd\"name", "x"));
        using var json = JsonDocument.Parse(Assert.Single(await LogAsync(options, exchange)));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("tenant").ValueKind);
        Assert.Equal("/a", json.RootElement.GetProperty("path").GetString());
        Assert.Equal("x", json.RootElement.GetProperty("odd\"name").GetString());
        Assert.Single(json.RootElement.EnumerateObject(), p => p.Name == "path");
    }

    [Fact]
    public async Task Text_cannot_be_forged_by_what_a_client_sends()
    {
        using var exchange = Exchange().WithUser(("sub", "a\"\r\nb\\\u001b"));
        var options = new AccessLogOptions { TextFormat = Template.Parse("\"%CLAIM(sub)%\"") };
        Assert.Equal("\"a\\x22\\x0D\\x0Ab\\x5C\\x1B\"", Assert.Single(await LogAsync(options, exchange)));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a\"b\\c\r\n\t\u0000\u001b\u007f")]
    [InlineData("grün \u20ac \ud83d\ude00")]
    public async Task JSON_strings_read_back_as_they_were(string value)
    {
        using var exchange = Exchange().WithUser(("sub", value));
        using var json = JsonDocument.Parse(Assert.Single(await LogAsync(Json(("sub", "%CLAIM(sub)%")), exchange)));
        Assert.Equal(value, json.RootElement.GetProperty("sub").GetString());
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_read_as_Latin1_in_JSON()
    {
        using var exchange = Exchange().WithHeader("x-name", "gr\u00fcn");
        using var json = JsonDocument.Parse(Assert.Single(await LogAsync(Json(("name", "%REQ(x-name)%")), exchange)));
        Assert.Equal("gr\u00fcn", json.RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Everything_queued_is_written_before_it_is_disposed()
    {
        using var exchange = Exchange();
        var lines = await LogAsync(new() { TextFormat = Template.Parse("%METHOD%") }, [.. Enumerable.Repeat(exchange, 5000)]);
        Assert.Equal(5000, lines.Length);
        Assert.Equal(5000, _context.Sum("filterproxy.access_log.written"));
    }

    [Fact]
    public async Task Lines_from_many_threads_stay_whole()
    {
        await using (var filter = Create(new() { TextFormat = Template.Parse("<%REQ(x-n)%>") }))
        {
            await filter.StartAsync(default);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(() =>
            {
                using var exchange = TestExchange.Get("/").WithHeader("x-n", new string((char)('a' + t), 300));
                for (var i = 0; i < 500; i++)
                {
                    filter.OnLogging(exchange);
                }
            })));
        }

        var lines = await File.ReadAllLinesAsync(LogPath);
        Assert.Equal(2000, lines.Length);
        Assert.All(lines, line => Assert.Equal($"<{new string(line[1], 300)}>", line));
    }

    [Fact]
    public async Task The_constructor_touches_no_file()
    {
        await using var filter = Create(new());
        Assert.False(File.Exists(LogPath));
    }

    [Fact]
    public async Task A_field_of_one_number_is_a_number()
    {
        using var exchange = Exchange();
        var options = Json(("took", "%DURATION%"), ("text", "%DURATION%ms"), ("absent", "%COMMON_DURATION(DS_RX_BEG:US_CX_END)%")) with { DefaultFields = false };
        using var json = JsonDocument.Parse(Assert.Single(await LogAsync(options, exchange)));
        Assert.Equal(
            [("took", JsonValueKind.Number), ("text", JsonValueKind.String), ("absent", JsonValueKind.Null)],
            json.RootElement.EnumerateObject().Select(p => (p.Name, p.Value.ValueKind)));
    }

    [Theory]
    [InlineData(AccessLogFormat.Text)]
    [InlineData(AccessLogFormat.Json)]
    public async Task Any_bytes_of_a_client_make_one_line_of_visible_ASCII(AccessLogFormat format)
    {
        var seed = 20260102;
        var random = new Random(seed);
        var exchanges = Enumerable.Range(0, 200).Select(_ =>
        {
            var value = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => char.ConvertFromUtf32(RandomScalar(random))));
            return Exchange().WithUser(("sub", value));
        }).ToArray();
        var template = Template.Parse("%CLAIM(sub)%");
        var lines = await LogAsync(
            format == AccessLogFormat.Text ? new() { TextFormat = template } : Json(("sub", "%CLAIM(sub)%")) with { DefaultFields = false }, exchanges);
        Assert.Equal(200, lines.Length);
        Assert.All(lines, line => Assert.True(line.All(c => c is >= ' ' and <= '~'), $"seed {seed}: {line}"));
        if (format == AccessLogFormat.Json)
        {
            Assert.Equal(
                exchanges.Select(x => x.User!.FindFirst("sub")!.Value),
                lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("sub").GetString()));
        }
    }

    [Fact]
    public async Task The_folder_of_the_path_must_exist()
    {
        var error = Assert.Throws<ArgumentException>(() => Create(new() { Path = "no/such/access.log" }));
        Assert.Contains($"no folder '{_folder}/no/such'", error.Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<ArgumentException>(() => Create(new() { Path = "." })).Message, StringComparison.Ordinal);
        await using var console = new AccessLogFilter(new(), _context);
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_says_where_it_is_configured()
    {
        await using var filter = Create(new() { Path = "gone/access.log" }, Directory.CreateDirectory(Path.Combine(_folder, "gone")).Delete);
        var error = await Assert.ThrowsAsync<IOException>(async () => await filter.StartAsync(default));
        Assert.StartsWith("test: path 'gone/access.log' cannot be opened", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_new_file_is_not_for_everybody_on_the_machine()
    {
        using var exchange = Exchange();
        await LogAsync(new(), exchange);
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(LogPath) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [Fact]
    public async Task Lines_after_the_token_was_cancelled_are_dropped_and_counted()
    {
        using var exchange = Exchange();
        using var stop = new CancellationTokenSource();
        await using var filter = Create(new() { TextFormat = Template.Parse("x") });
        await filter.StartAsync(stop.Token);
        filter.OnLogging(exchange);
        await stop.CancelAsync();
        filter.OnLogging(exchange);
        await filter.DisposeAsync();
        Assert.Equal((1, 1), (_context.Sum("filterproxy.access_log.written"), _context.Sum("filterproxy.access_log.dropped")));
    }

    [Theory]
    [InlineData(AccessLogFormat.Text)]
    [InlineData(AccessLogFormat.Json)]
    public async Task Logging_an_exchange_allocates_nothing(AccessLogFormat format)
    {
        using var exchange = Exchange();
        await using var filter = Create(new() { Format = format, Sample = new SampleFraction(0.99) });
        await filter.StartAsync(default);
        Assert.Equal(0, Allocations.Of(() => filter.OnLogging(exchange)));
    }

    [Fact]
    public async Task Logging_into_a_full_buffer_allocates_nothing_and_does_not_block()
    {
        using var exchange = Exchange();
        await using var filter = Create(new() { BufferSize = ByteSize.FromKiB(64) });
        for (var i = 0; i < 1000; i++)
        {
            filter.OnLogging(exchange);
        }

        Assert.Equal(0, Allocations.Of(() => filter.OnLogging(exchange)));
    }

    private static int RandomScalar(Random random)
    {
        int[] limits = [0x20, 0x80, 0x100, 0xD800, 0x110000];
        var scalar = random.Next(limits[random.Next(limits.Length)]);
        return scalar is >= 0xD800 and < 0xE000 ? 0x2028 : scalar;
    }

    private static TestExchange Exchange()
    {
        var cluster = new TestCluster("web", "10.0.0.5:80");
        var exchange = TestExchange.Get("/a?b=1").From("203.0.113.9").WithHeader("user-agent", "agent").WithRoute("home")
            .WithResponse(200, "hello").WithCluster(cluster).WithAttempt(cluster.Endpoints[0]);
        exchange.RunAsync(new NoFilter()).GetAwaiter().GetResult();
        return exchange;
    }

    private static AccessLogOptions Json(params (string Name, string Value)[] fields) => new()
    {
        Format = AccessLogFormat.Json,
        Fields = fields.ToDictionary(f => f.Name, f => Template.Parse(f.Value)),
    };

    private AccessLogFilter Create(AccessLogOptions options, Action? afterwards = null)
    {
        var filter = new AccessLogFilter(options.Path == "/dev/stdout" ? options with { Path = "access.log" } : options, _context);
        afterwards?.Invoke();
        return filter;
    }

    private async Task<string[]> LogAsync(AccessLogOptions options, params TestExchange[] exchanges)
    {
        await using (var filter = Create(options))
        {
            await filter.StartAsync(default);
            foreach (var exchange in exchanges)
            {
                filter.OnLogging(exchange);
            }
        }

        return await File.ReadAllLinesAsync(LogPath);
    }

    private sealed class NoFilter : IHttpFilter;
}
