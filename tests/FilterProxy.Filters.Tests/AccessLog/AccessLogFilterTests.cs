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
            """^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] "GET /a\?b=1 HTTP/1\.1" 200 - via_upstream 0 5 \d+ - "203\.0\.113\.9" "agent" "-" "example\.com" home web "10\.0\.0\.5:80"$""",
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

    [Theory]
    [InlineData(AccessLogFormat.Text)]
    [InlineData(AccessLogFormat.Json)]
    public async Task Credentials_are_in_no_default_field(AccessLogFormat format)
    {
        using var exchange = Exchange();
        foreach (var name in new[] { "authorization", "cookie", "proxy-authorization", "x-api-key" })
        {
            exchange.WithHeader(name, "secret-value");
        }

        exchange.Response.Headers.Append("set-cookie", "secret-value");
        Assert.DoesNotContain("secret-value", Assert.Single(await LogAsync(new() { Format = format }, exchange)), StringComparison.Ordinal);
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
    public async Task A_full_queue_drops_lines_and_counts_them()
    {
        using var exchange = Exchange();
        await using (var filter = Create(new() { QueueSize = 3 }))
        {
            // Not started, so that nothing empties the queue.
            for (var i = 0; i < 10; i++)
            {
                filter.OnLogging(exchange);
            }

            Assert.Equal(7, _context.Sum("filterproxy.access_log.dropped"));
            await filter.StartAsync(default);
        }

        Assert.Equal(3, (await File.ReadAllLinesAsync(LogPath)).Length);
    }

    [Fact]
    public async Task A_failing_disk_loses_lines_counts_them_and_is_tried_again()
    {
        using var exchange = Exchange();
        var gone = Path.Combine(_folder, "sub");
        Directory.CreateDirectory(gone);
        await using var filter = Create(new() { Path = "sub/access.log", TextFormat = Template.Parse("%METHOD%") });
        await filter.StartAsync(default);
        await LogUntilAsync(filter, exchange, () => _context.Sum("filterproxy.access_log.written") > 0);

        // Renaming the folder away makes the next check find no file and opening one fail.
        Directory.Move(gone, gone + "-away");
        await LogUntilAsync(filter, exchange, () => _context.Sum("filterproxy.access_log.lost") > 0);
        Assert.Single(_context.LogLines, l => l.StartsWith("Error: The access log cannot be written", StringComparison.Ordinal));

        Directory.CreateDirectory(gone);
        await LogUntilAsync(filter, exchange, () => File.Exists(Path.Combine(gone, "access.log")) && new FileInfo(Path.Combine(gone, "access.log")).Length > 0);
    }

    [Fact]
    public async Task A_rotated_file_is_opened_again_under_its_name()
    {
        using var exchange = Exchange();
        await using var filter = Create(new() { TextFormat = Template.Parse("%METHOD%") });
        await filter.StartAsync(default);
        await LogUntilAsync(filter, exchange, () => _context.Sum("filterproxy.access_log.written") > 0);
        File.Move(LogPath, LogPath + ".1");
        await LogUntilAsync(filter, exchange, () => File.Exists(LogPath) && new FileInfo(LogPath).Length > 0);
    }

    [Fact]
    public async Task Two_filters_on_one_file_do_not_overwrite_each_other()
    {
        using var exchange = Exchange();
        var first = Create(new() { TextFormat = Template.Parse("first") });
        var second = Create(new() { TextFormat = Template.Parse("second") });
        await first.StartAsync(default);
        await second.StartAsync(default);
        for (var i = 0; i < 500; i++)
        {
            first.OnLogging(exchange);
            second.OnLogging(exchange);
            await Task.Yield();
        }

        await first.DisposeAsync();
        await second.DisposeAsync();
        var lines = await File.ReadAllLinesAsync(LogPath);
        Assert.Equal((500, 500), (lines.Count(l => l == "first"), lines.Count(l => l == "second")));
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_refuses_the_configuration()
    {
        await using var filter = Create(new() { Path = "no/such/folder/access.log" });
        await Assert.ThrowsAnyAsync<IOException>(async () => await filter.StartAsync(default));
    }

    [Fact]
    public async Task The_constructor_touches_no_file()
    {
        await using var filter = Create(new());
        Assert.False(File.Exists(LogPath));
    }

    [Fact]
    public async Task It_ends_with_the_token_it_was_started_with()
    {
        using var exchange = Exchange();
        using var stop = new CancellationTokenSource();
        await using var filter = Create(new() { TextFormat = Template.Parse("x") });
        await filter.StartAsync(stop.Token);
        await stop.CancelAsync();
        filter.OnLogging(exchange);
        Assert.Equal(1, _context.Sum("filterproxy.access_log.dropped"));
    }

    [Fact]
    public void Refuses_options_that_contradict_each_other()
    {
        var template = Template.Parse("x");
        Assert.Throws<ArgumentException>(() => Create(new() { Format = AccessLogFormat.Json, TextFormat = template }));
        Assert.Throws<ArgumentException>(() => Create(new() { Fields = new Dictionary<string, Template> { ["a"] = template } }));
        Assert.Throws<ArgumentException>(() => Create(new() { QueueSize = 0 }));
    }

    [Fact]
    public void Formatting_a_line_allocates_nothing()
    {
        using var exchange = Exchange();
        foreach (ILineFormat format in new ILineFormat[] { new TextLineFormat(null), new JsonLineFormat(new Dictionary<string, Template>()) })
        {
            var line = new LineBuffer();
            Assert.Equal(0, Allocations.Of(() =>
            {
                line.Reset();
                format.Write(exchange, line);
            }));
        }
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

    private static Task LogUntilAsync(AccessLogFilter filter, TestExchange exchange, Func<bool> condition) => Poll.UntilAsync(() =>
    {
        filter.OnLogging(exchange);
        return condition();
    });

    private AccessLogFilter Create(AccessLogOptions options) =>
        new(options.Path == "/dev/stdout" ? options with { Path = "access.log" } : options, _context);

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
