using FilterProxy.Filters.Cache;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cache;

/// <summary>The same requests through nginx's proxy_cache.</summary>
public sealed class CacheNginxTests
{
    [ProgramFact("nginx")]
    public async Task nginx_keeps_and_answers_the_same()
    {
        await using var upstream = TestUpstream.Start(r => r.Target switch
        {
            "/private" => Answer("private, max-age=60"),
            "/no-store" => Answer("no-store"),
            "/no-cache" => Answer("no-cache"),
            "/s-maxage" => Answer("max-age=0, s-maxage=60"),
            "/expired" => Answer("max-age=0"),
            "/cookie" => UpstreamResponse.Ok("0123456789", ("Cache-Control", "max-age=60"), ("Set-Cookie", "a=b")),
            "/vary" => UpstreamResponse.Ok(r.Headers["x-a"] ?? "", ("Cache-Control", "max-age=60"), ("Vary", "X-A")),
            "/star" => UpstreamResponse.Ok("x", ("Cache-Control", "max-age=60"), ("Vary", "*")),
            "/gone" => UpstreamResponse.Create(404, "gone", ("Cache-Control", "max-age=60")),
            _ => Answer("max-age=60"),
        });
        using var folder = new ScratchFolder();
        var port = ExternalProgram.FreePort();
        await using var nginx = await Nginx.StartAsync(folder, [port], $$"""
            http {
              access_log off;
              proxy_cache_path {{folder["cache"]}} keys_zone=c:1m;
              server { listen 127.0.0.1:{{port}}; location / {
                proxy_pass http://127.0.0.1:{{upstream.Port}}; proxy_http_version 1.1; proxy_cache c; add_header X-Cache $upstream_cache_status always;
              } }
            }
            """);
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin, filters: [ { cache: { request_directives: false } } ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            TestTransport.Direct,
            typeof(CacheFilter));
        string[][] requests =
        [
            ["/"], ["/"], ["/", "Cache-Control: no-cache"], ["/", "If-None-Match: \"v1\""], ["/", "If-None-Match: \"v2\""], ["/", "Range: bytes=2-3"],
            ["/private"], ["/private"], ["/no-store"], ["/no-store"], ["/no-cache"], ["/s-maxage"], ["/s-maxage"], ["/expired"], ["/expired"],
            ["/cookie"], ["/cookie"], ["/vary", "X-A: 1"], ["/vary", "X-A: 1"], ["/vary", "X-A: 2"], ["/vary", "X-A: 2"], ["/star"], ["/star"], ["/gone"], ["/gone"],
        ];
        await using var ours = await proxy.ConnectAsync();
        await using var theirs = await RawClient.ConnectAsync(port);
        foreach (var (request, number) in requests.Select((r, i) => (r, i)))
        {
            var text = $"GET {request[0]} HTTP/1.1\r\nHost: a\r\n{string.Concat(request[1..].Select(f => f + "\r\n"))}\r\n";
            var (a, b) = (await theirs.RoundTripAsync(text), await ours.RoundTripAsync(text));

            Assert.Equal((number, text, a.Status, a.Text, a.Headers["x-cache"] == "HIT"), (number, text, b.Status, b.Text, b.Headers["cache-status"]!.Contains("; hit", StringComparison.Ordinal)));
        }

        static UpstreamResponse Answer(string control) => UpstreamResponse.Ok("0123456789", ("Cache-Control", control), ("ETag", "\"v1\""), ("Accept-Ranges", "bytes"));
    }
}
