using System.Text;
using FilterProxy.Filters.StaticFiles;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.StaticFiles;

public sealed class StaticFilesFilterTests : IDisposable
{
    private readonly ScratchFolder _outside = new();
    private readonly string _root;

    public StaticFilesFilterTests()
    {
        _root = Path.Combine(_outside.Path, "root");
        Write("a.txt", "hello");
        Write("index.html", "<h1>home</h1>");
        Write("sub/index.html", "sub");
        Write("sub/b c&.txt", "b");
        Write("bare/only.txt", "x");
        Write(".env", "secret");
        Write(".well-known/security.txt", "mail");
        Write("sub/.git/config", "secret");
        Write("app.js", "plain");
        Write("app.js.br", "brotli");
        Write("app.js.gz", "gzip");
        _outside.Write("secret.txt", "secret");
    }

    [Theory]
    [InlineData("/a.txt", 200, "hello", "text/plain; charset=utf-8")]
    [InlineData("/%61.txt", 200, "hello", "text/plain; charset=utf-8")]
    [InlineData("/", 200, "<h1>home</h1>", "text/html; charset=utf-8")]
    [InlineData("/sub/", 200, "sub", "text/html; charset=utf-8")]
    [InlineData("/sub/b%20c%26.txt", 200, "b", "text/plain; charset=utf-8")]
    [InlineData("/.well-known/security.txt", 200, "mail", "text/plain; charset=utf-8")]
    [InlineData("/missing", 404, "Not found\n", "text/plain; charset=utf-8")]
    [InlineData("/a.txt/", 404, "Not found\n", "text/plain; charset=utf-8")]
    [InlineData("/bare/", 404, "Not found\n", "text/plain; charset=utf-8")]
    public async Task Files_are_found_by_path(string path, int status, string body, string type)
    {
        using var exchange = await GetAsync(path);

        Assert.Equal((status, body, type), (exchange.Status, exchange.BodyText, exchange.Response.Headers["content-type"]));
    }

    [Theory]
    [InlineData("/../secret.txt")]
    [InlineData("/sub/../../secret.txt")]
    [InlineData("/%2e%2e/secret.txt")]
    [InlineData("/..%2fsecret.txt")]
    [InlineData("/..%5csecret.txt")]
    [InlineData("/sub%2findex.html")]
    [InlineData("/%252e%252e/secret.txt")]
    [InlineData("/%c0%ae%c0%ae/secret.txt")]
    [InlineData("//a.txt")]
    [InlineData("/sub//index.html")]
    [InlineData("/a.txt%00")]
    [InlineData("/a.txt%00.html")]
    [InlineData("/a.txt.")]
    [InlineData("/a.txt::$DATA")]
    [InlineData("/.env")]
    [InlineData("/%2eenv")]
    [InlineData("/sub/.git/config")]
    [InlineData("/sub/.well-known/x")]
    [InlineData("/%zz")]
    [InlineData("/%")]
    public async Task Nothing_else_can_be_named(string path)
    {
        using var exchange = await GetAsync(path);

        Assert.Equal((404, "Not found\n"), (exchange.Status, exchange.BodyText));
    }

    [Theory]
    [InlineData(SymlinkPolicy.Inside, 200, 404)]
    [InlineData(SymlinkPolicy.Never, 404, 404)]
    [InlineData(SymlinkPolicy.Always, 200, 200)]
    public async Task Links_are_followed_as_the_option_says(SymlinkPolicy policy, int inside, int outside)
    {
        File.CreateSymbolicLink(Path.Combine(_root, "in.txt"), "a.txt");
        File.CreateSymbolicLink(Path.Combine(_root, "out.txt"), Path.Combine(_outside.Path, "secret.txt"));
        Directory.CreateSymbolicLink(Path.Combine(_root, "up"), "..");
        File.CreateSymbolicLink(Path.Combine(_root, "through.txt"), "up/secret.txt");
        var options = new StaticFilesOptions { Root = _root, Symlinks = policy };
        foreach (var (path, status) in new[] { ("/in.txt", inside), ("/out.txt", outside), ("/up/secret.txt", outside), ("/through.txt", outside) })
        {
            using var exchange = await GetAsync(path, options);

            Assert.Equal((path, status), (path, exchange.Status));
        }
    }

    [Fact]
    public async Task A_link_to_itself_is_not_there()
    {
        File.CreateSymbolicLink(Path.Combine(_root, "loop"), "loop");
        using var exchange = await GetAsync("/loop");

        Assert.Equal(404, exchange.Status);
    }

    [Theory]
    [InlineData("/sub", "/sub/")]
    [InlineData("/sub?a=b", "/sub/?a=b")]
    public async Task A_folder_is_redirected_to_its_slash(string path, string location)
    {
        using var exchange = await GetAsync(path);

        Assert.Equal((301, location), (exchange.Status, exchange.Response.Headers["location"]));
    }

    [Theory]
    [InlineData("/some/route", 200, "<h1>home</h1>")]
    [InlineData("/bare/", 200, "<h1>home</h1>")]
    [InlineData("/missing.js", 404, "Not found\n")]
    public async Task The_fallback_is_for_paths_of_an_app(string path, int status, string body)
    {
        using var exchange = await GetAsync(path, new StaticFilesOptions { Root = _root, Fallback = "index.html" });

        Assert.Equal((status, body), (exchange.Status, exchange.BodyText));
    }

    [Fact]
    public async Task What_is_missing_can_be_left_to_the_route()
    {
        using var exchange = TestExchange.Get("/missing");
        using var context = new TestComponentContext();

        Assert.Equal(FilterStatus.Continue, await new StaticFilesFilter(new StaticFilesOptions { Root = _root, Missing = MissingFile.Next }, context).OnRequestAsync(exchange));
    }

    [Theory]
    [InlineData("/assets/a.txt", 200)]
    [InlineData("/a.txt", 404)]
    [InlineData("/assetsa.txt", 404)]
    [InlineData("/assets", 404)]
    public async Task A_prefix_is_taken_off(string path, int status)
    {
        using var exchange = await GetAsync(path, new StaticFilesOptions { Root = _root, Prefix = "/assets/" });

        Assert.Equal(status, exchange.Status);
    }

    [Theory]
    [InlineData("br, gzip", "br", "brotli")]
    [InlineData("gzip", "gzip", "gzip")]
    [InlineData("", null, "plain")]
    public async Task A_precompressed_file_is_sent_to_who_accepts_it(string accepted, string? coding, string body)
    {
        var options = new StaticFilesOptions { Root = _root, Precompressed = [PrecompressedCoding.Br, PrecompressedCoding.Gzip] };
        using var exchange = await GetAsync("/app.js", options, ("accept-encoding", accepted));
        var headers = exchange.Response.Headers;

        Assert.Equal((200, coding, body), (exchange.Status, headers["content-encoding"], exchange.BodyText));
        Assert.Equal(("text/javascript; charset=utf-8", "Accept-Encoding"), (headers["content-type"], headers["vary"]));
    }

    [Fact]
    public async Task A_listing_shows_what_is_not_hidden_with_names_escaped()
    {
        Write("bare/<x>.txt", "");
        Write("bare/.hidden", "");
        using var exchange = await GetAsync("/bare/", new StaticFilesOptions { Root = _root, Listing = true });

        Assert.Contains("<a href=\"./%3Cx%3E.txt\">&lt;x&gt;.txt</a>", exchange.BodyText, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", exchange.BodyText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Index_types_and_Cache_Control_are_those_of_the_options()
    {
        var options = new StaticFilesOptions
        {
            Root = _root,
            Index = ["missing.html", "a.txt"],
            CacheControl = "max-age=60",
            Types = new Dictionary<string, string> { ["txt"] = "text/x-own" },
        };
        using var exchange = await GetAsync("/", options);

        Assert.Equal(("hello", "text/x-own", "max-age=60"), (exchange.BodyText, exchange.Response.Headers["content-type"], exchange.Response.Headers["cache-control"]));
    }

    [Theory]
    [InlineData("POST", 405)]
    [InlineData("DELETE", 405)]
    public async Task Other_methods_are_refused(string method, int status)
    {
        using var exchange = TestExchange.Create(method, "/a.txt");
        await RunAsync(exchange, new StaticFilesOptions { Root = _root });

        Assert.Equal((status, "GET, HEAD"), (exchange.Status, exchange.Response.Headers["allow"]));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Conditions_ranges_and_HEAD_work_over_connections(TestTransport transport)
    {
        var large = string.Concat(Enumerable.Range(0, 300_000).Select(i => (char)('a' + (i % 26))));
        Write("large.txt", large);
        await using var proxy = await StartAsync($"root: '{_root}'", transport);
        await using var client = await proxy.ConnectAsync();
        var whole = await client.RoundTripAsync(Request("GET", "/large.txt"));
        var etag = whole.Headers["etag"]!;
        var unchanged = await client.RoundTripAsync(Request("GET", "/large.txt", $"If-None-Match: {etag}"));
        var since = await client.RoundTripAsync(Request("GET", "/large.txt", $"If-Modified-Since: {whole.Headers["last-modified"]}"));
        var failed = await client.RoundTripAsync(Request("GET", "/large.txt", "If-Match: \"other\""));
        var part = await client.RoundTripAsync(Request("GET", "/large.txt", "Range: bytes=100000-199999", $"If-Range: {etag}"));
        var beyond = await client.RoundTripAsync(Request("GET", "/large.txt", "Range: bytes=300000-"));
        var head = await client.RoundTripAsync(Request("HEAD", "/large.txt"));

        Assert.Equal((200, large, "300000", "bytes"), (whole.Status, whole.Text, whole.Headers["content-length"], whole.Headers["accept-ranges"]));
        Assert.Equal((304, etag, 304, 412), (unchanged.Status, unchanged.Headers["etag"], since.Status, failed.Status));
        Assert.Equal((206, large[100_000..200_000], "bytes 100000-199999/300000"), (part.Status, part.Text, part.Headers["content-range"]));
        Assert.Equal((416, "bytes */300000"), (beyond.Status, beyond.Headers["content-range"]));
        Assert.Equal((200, "300000", ""), (head.Status, head.Headers["content-length"], head.Text));
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_keep_the_file_open()
    {
        var file = Write("large.bin", new string('x', 8_000_000));
        await using var proxy = await StartAsync($"root: '{_root}'", TestTransport.Direct);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Request("GET", "/large.bin"));
            await client.ReadExactlyAsync(1000);
        }

        await Poll.UntilAsync(() => !Directory.EnumerateFiles("/proc/self/fd").Any(fd => new FileInfo(fd).LinkTarget == file));
    }

    [Theory]
    [InlineData("root: /nowhere/at/all", "root: there is no folder")]
    [InlineData("prefix: x", "prefix: 'x' does not begin with a slash")]
    [InlineData("fallback: ../secret.txt", "is not the name of a file in the root")]
    [InlineData("types: { x: text }", "types.x: 'text' is no media type")]
    public async Task Wrong_options_are_refused_with_the_reason(string options, string reason)
    {
        var root = options.StartsWith("root", StringComparison.Ordinal) ? "" : $"root: '{_root}', ";

        Assert.Contains(reason, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(root + options, TestTransport.Direct))).Message, StringComparison.Ordinal);
    }

    [ProgramFact("nginx")]
    public async Task nginx_answers_the_same()
    {
        using var folder = new ScratchFolder();
        var port = ExternalProgram.FreePort();
        await using var nginx = await Nginx.StartAsync(folder, [port], $$"""
            http {
              access_log off; default_type application/octet-stream;
              types { text/plain txt; text/html html; }
              server { listen 127.0.0.1:{{port}}; root {{_root}}; absolute_redirect off; }
            }
            """);
        await using var proxy = await StartAsync($"root: '{_root}', types: {{ txt: text/plain, html: text/html }}", TestTransport.Direct);
        string[][] requests =
        [
            ["/a.txt"], ["/"], ["/sub/"], ["/sub"], ["/missing"], ["/sub/b%20c%26.txt"], ["/%61.txt"],
            ["/a.txt", "Range: bytes=1-2"], ["/a.txt", "Range: bytes=-2"], ["/a.txt", "Range: bytes=9-"],
            ["/a.txt", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], ["/a.txt", "If-None-Match: \"other\""], ["/a.txt", "If-None-Match: *"],
            ["/a.txt", "If-Match: \"other\""], ["/a.txt", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], ["/a.txt", "Range: bytes=1-2", "If-Range: \"other\""],
        ];
        foreach (var request in requests)
        {
            // Range is about GET (RFC 9110 §14.2), to nginx about HEAD as well.
            foreach (var method in request.Any(f => f.StartsWith("Range", StringComparison.Ordinal)) ? new[] { "GET" } : ["GET", "HEAD"])
            {
                var text = Request(method, request[0], request[1..]);
                await using var client = await RawClient.ConnectAsync(port);

                Assert.Equal((text, Of(await client.RoundTripAsync(text))), (text, Of(await proxy.SendAsync(text))));
            }
        }

        // The text of errors is everybody's own.
        static (int, string?, string?, string?, string?, string) Of(RawResponse r) => (
            r.Status, r.Headers["location"], r.Headers["content-range"], r.Status is 200 or 206 ? r.Headers["content-type"] : null,
            r.Status is 200 or 206 ? r.Headers["content-length"] : null, r.Status is 200 or 206 ? r.Text : "");
    }

    public void Dispose() => _outside.Dispose();

    private static string Request(string method, string path, params string[] fields) =>
        $"{method} {path} HTTP/1.1\r\nHost: a\r\n{string.Concat(fields.Select(f => f + "\r\n"))}\r\n";

    private static Task<TestProxy> StartAsync(string options, TestTransport transport) => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, respond: { status: 404 }, filters: [ { static_files: { {{options}} } } ] } ]
        """,
        transport,
        typeof(StaticFilesFilter));

    private static async Task RunAsync(TestExchange exchange, StaticFilesOptions options)
    {
        using var context = new TestComponentContext();
        await exchange.RunAsync(new StaticFilesFilter(options, context));
    }

    private async Task<TestExchange> GetAsync(string path, StaticFilesOptions? options = null, params (string Name, string Value)[] fields)
    {
        var exchange = TestExchange.Get(path);
        foreach (var (name, value) in fields)
        {
            exchange.WithHeader(name, value);
        }

        await RunAsync(exchange, options ?? new StaticFilesOptions { Root = _root });
        return exchange;
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }
}
