using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using FilterProxy.Filters.BasicAuth;
using FilterProxy.Filters.Tests.BodyRewrite;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using FilterProxy.Tests;
using Xunit;

namespace FilterProxy.Filters.Tests.Options;

/// <summary>Each option of the everyday filters, from configuration to answer, over HTTP/1 and HTTP/2.</summary>
public sealed partial class EveryOptionTests : IAsyncLifetime
{
    private static readonly Dictionary<string, OptionCase[]> Cases = HeadCases.All.Concat(BodyCases.All).ToDictionary();

    private static readonly string Zip = Encoding.Latin1.GetString(Codings.Encode("gzip", "plain text" + string.Concat(Enumerable.Range(0, 20_000))));

    private readonly ScratchFolder _folder = new();
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly TestUpstream _upstream;

    public EveryOptionTests() => _upstream = TestUpstream.Start(Answer);

    public static IEnumerable<object[]> Filters => Cases.Keys.SelectMany(filter => new[] { new object[] { filter, false }, [filter, true] });

    public Task InitializeAsync()
    {
        _folder.Write("page.html", "<p>of all</p>");
        _folder.Write("404.html", "<p>not here</p>");
        _folder.Write("near", "127.0.0.0/8\n::1/128 # this machine\n");
        _folder.Write("far", "198.51.100.0/24\n");
        _folder.Write("users", $"ada:{Hash}\n");
        Directory.CreateDirectory(_folder["www/sub"]);
        _folder.Write("www/home.html", "home page");
        _folder.Write("www/app.css", "large");
        _folder.Write("www/app.css.gz", "small");
        _folder.Write("www/a.glb", "glb");
        _folder.Write("www/sub/file.txt", "file");
        File.CreateSymbolicLink(_folder["www/link.css"], _folder["www/app.css"]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _upstream.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Does_what_it_says(string filter, bool http2)
    {
        foreach (var one in Cases[filter])
        {
            _asked.Clear();
            var transport = (http2, one.OverTls) switch { (true, true) => TestTransport.H2, (true, false) => TestTransport.H2c, (false, true) => TestTransport.DirectTls, _ => TestTransport.Direct };
            await using var proxy = await TestProxy.StartAsync(
                $$"""
                plugin_path: {{Repository.PathOf("artifacts", "bin", "FilterProxy", new DirectoryInfo(AppContext.BaseDirectory).Name, "plugins")}}
                plugins: [{{filter}}]
                routes: [ { name: all, cluster: origin, filters: [ { {{NameOf(filter)}}: { {{Fill(one.Options)}} } } ] } ]
                clusters: { origin: { endpoints: ["127.0.0.1:{{_upstream.Port}}"] } }
                """,
                transport);
            await using var client = await proxy.ConnectAsync();
            var answer = "";
            foreach (var request in one.Requests)
            {
                answer = OptionCase.Flatten(await client.RoundTripAsync(OptionCase.Write(request, Zip)));
            }

            Assert.All(one.Has, part => Assert.True(answer.Contains(part, StringComparison.Ordinal), $"{one.Options}: no '{part}' in\n{answer}"));
            Assert.All(one.Lacks, part => Assert.False(answer.Contains(part, StringComparison.Ordinal), $"{one.Options}: '{part}' in\n{answer}"));
            if (one.Sees is { } seen)
            {
                await Poll.UntilAsync(() => _upstream.Requests.Any(request => request.RawHead.Contains(seen, StringComparison.OrdinalIgnoreCase)));
            }
        }
    }

    [Fact]
    public void No_option_is_left_out() => Assert.Empty(Cases.SelectMany(filter =>
    {
        var options = string.Join(' ', filter.Value.Select(one => one.Options));
        return Keys.Matches(Components.Split(File.ReadAllText(Repository.PathOf("filters", filter.Key, "README.md")))[0])
            .Select(row => row.Groups["key"].Value)
            .Where(key => !Regex.IsMatch(options, $@"(^|[ {{]){key}:"))
            .Select(key => $"{filter.Key}: {key}");
    }));

    // PBKDF2 of few rounds: what it costs is no matter here.
    private static string Hash { get; } = PasswordHash.Create("s3cret", 1000).ToString();

    [GeneratedRegex(@"^\| `(?<key>[a-z0-9_]+)` \| ", RegexOptions.Multiline)]
    private static partial Regex Keys { get; }

    // The heading of another component of the same plugin.
    [GeneratedRegex(@"^## [a-z0-9_]+$", RegexOptions.Multiline)]
    private static partial Regex Components { get; }

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex Words { get; }

    private static string NameOf(string folder) => Words.Replace(folder, "_").ToLowerInvariant();

    private string Fill(string options) => options.Replace("FOLDER", _folder.Path, StringComparison.Ordinal).Replace("HASH", Hash, StringComparison.Ordinal);

    // What it was asked, unless the path wants something of its own.
    private UpstreamResponse Answer(UpstreamRequest request)
    {
        var path = request.Target.Split('?')[0];
        var isFirst = _asked.AddOrUpdate(path, 1, (_, count) => count + 1) == 1;
        var echo = $"{request.Method} {request.Target}\n{string.Concat(request.Headers.Select(field => $"{field.Key.ToLowerInvariant()}: {field.Value}\n"))}\n{request.Text}";
        return path switch
        {
            "/fail" => UpstreamResponse.Create(503, "own page", ("Content-Type", "text/html")),
            "/gone" => UpstreamResponse.Create(404, "own page", ("Content-Type", "text/html")),
            "/closed" => UpstreamResponse.CloseNow(),
            "/quiet" => UpstreamResponse.Ok("quiet"),
            "/html" => UpstreamResponse.Ok($"one two one {request.Text}", ("Content-Type", "text/html")),
            "/json" => UpstreamResponse.Ok($"\"{new string('x', 2000)}\"", ("Content-Type", "application/json")),
            "/framed" => UpstreamResponse.Ok("framed", ("X-Frame-Options", "SAMEORIGIN")),
            "/cookies" => UpstreamResponse.Ok("cookies", ("Set-Cookie", "a=1; Domain=app.internal; Path=/app/x"), ("Set-Cookie", "b=2; Path=/other")),
            "/kept" => UpstreamResponse.Ok("0123456789abc", ("Cache-Control", "max-age=60"), ("X-Tags", "a b")),
            "/kept-cookie" => UpstreamResponse.Ok("kept", ("Cache-Control", "max-age=60"), ("Set-Cookie", "a=b")),
            "/targeted" => UpstreamResponse.Ok("kept", ("Cache-Control", "no-store"), ("X-CDN", "max-age=60")),
            "/dated" => UpstreamResponse.Ok("kept", ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")),
            "/brief" => UpstreamResponse.Ok("kept", ("Cache-Control", "max-age=0"), ("ETag", "\"v\"")),
            "/flaky" => isFirst ? UpstreamResponse.Ok("kept", ("Cache-Control", "max-age=0"), ("ETag", "\"v\"")) : UpstreamResponse.Create(503, "failed"),
            "/vary" => UpstreamResponse.Ok("kept", ("Cache-Control", "max-age=60"), ("Vary", "X-A, X-B")),
            _ => UpstreamResponse.Ok(echo, ("Content-Type", "text/plain"), ("X-Powered-By", "test")),
        };
    }
}
