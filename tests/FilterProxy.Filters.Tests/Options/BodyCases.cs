namespace FilterProxy.Filters.Tests.Options;

/// <summary>Filters that change bodies, or answer with their own.</summary>
internal static class BodyCases
{
    private const string Zipped = "POST /\ncontent-encoding: gzip\n\nZIP";

    public static readonly Dictionary<string, OptionCase[]> All = new()
    {
        ["Compression"] =
        [
            new("encodings: [gzip], types: [application/json], gzip_level: 1", "GET /json\naccept-encoding: br, gzip") { Has = ["content-encoding: gzip\n"] },
            new("encodings: [br], brotli_quality: 1", "GET /json\naccept-encoding: br, gzip") { Has = ["content-encoding: br\n"] },
            new("min_size: 1MiB", "GET /json\naccept-encoding: gzip") { Has = ["200\n"], Lacks = ["content-encoding"] },
            new("decompress_request: true", Zipped) { Has = ["200\n", "plain text"], Lacks = ["content-encoding"] },
            new("decompress_request: true, max_request_body: 8", Zipped) { Has = ["413\n"] },
            new("decompress_request: true, max_request_ratio: 1", "POST /\ncontent-encoding: gzip\n\nZIP") { Has = ["413\n"] },
        ],
        ["ErrorPages"] =
        [
            new("statuses: [5xx], upstream: true, html: '<p>sorry %REQ(x-a)%</p>', otherwise: html", "GET /fail\nx-a: <b>") { Has = ["503\n", "<p>sorry &lt;b&gt;</p>"] },
            new("statuses: [4xx], upstream: true", "GET /fail") { Has = ["503\n", "own page"] },
            new("upstream: true, html_file: FOLDER/page.html, pages: { 404: FOLDER/404.html }", "GET /fail") { Has = ["<p>of all</p>"] },
            new("upstream: true, html_file: FOLDER/page.html, pages: { 404: FOLDER/404.html }", "GET /gone") { Has = ["404\n", "<p>not here</p>"] },
            new("otherwise: json, problem_type: 'https://e.test/'", "GET /closed") { Has = ["502\n", "content-type: application/problem+json\n", "https://e.test/upstream_closed"] },
            new("otherwise: json, show_reason: false", "GET /closed") { Has = ["502\n"], Lacks = ["\"reason\""] },
            new("local: false, upstream: true", "GET /closed") { Has = ["502\n"], Lacks = ["<!doctype html>"] },
        ],
        ["BodyLimit"] =
        [
            new("request: 5", "POST /\n\nhello!") { Has = ["413\n"] },
            new("response: 5", "GET /") { Has = ["502\n"] },
        ],
        ["BodyRewrite"] =
        [
            new(@"response: [ { find: one, replace: '1' } ], request: [ { regex: 'b(\d)', replace: 'c$1' } ], content_types: [text/html], max_match: 16, max_ratio: 10", "POST /html\ncontent-type: text/html\n\nb7")
            {
                Has = ["1 two 1 c7"],
            },
        ],
        ["Buffer"] =
        [
            new("request: true, max_request: 5, larger: reject", "POST /\n\nhello!") { Has = ["413\n"] },
            new("response: true, max_response: 5, larger: reject", "GET /") { Has = ["502\n"] },
            new("request: true, response: true", "POST /\n\nhello!") { Has = ["200\n", "hello!"] },
        ],
        ["StaticFiles"] =
        [
            new("root: FOLDER/www, prefix: /assets, index: [home.html], cache_control: max-age=9", "GET /assets/") { Has = ["200\n", "home page", "cache-control: max-age=9\n"] },
            new("root: FOLDER/www, fallback: home.html", "GET /deep/page") { Has = ["200\n", "home page"] },
            new("root: FOLDER/www, missing: next", "GET /nothing.txt") { Has = ["200\n", "GET /nothing.txt\n"] },
            new("root: FOLDER/www, precompressed: [gzip]", "GET /app.css\naccept-encoding: gzip") { Has = ["200\n", "content-encoding: gzip\n", "small"] },
            new("root: FOLDER/www, listing: true", "GET /sub/") { Has = ["200\n", "file.txt"] },
            new("root: FOLDER/www, types: { glb: model/x }", "GET /a.glb") { Has = ["200\n", "content-type: model/x\n"] },
            new("root: FOLDER/www, symlinks: never", "GET /link.css") { Has = ["404\n"] },
        ],
        ["Cache"] =
        [
            new("memory: 1MiB, max_object: 512KiB", "GET /kept", "GET /kept") { Has = ["; hit"] },
            new("max_object: 10", "GET /kept", "GET /kept") { Lacks = ["; hit"] },
            new("disk: { path: FOLDER/disk, size: 1MiB }", "GET /kept", "GET /kept") { Has = ["; hit"] },
            new("default_freshness: 1m", "GET /", "GET /") { Has = ["; hit"] },
            new("heuristic_percent: 50, heuristic_max: 1h", "GET /dated", "GET /dated") { Has = ["; hit"] },
            new("stale_while_revalidate: 1m", "GET /brief", "GET /brief") { Has = ["; hit"] },
            new("stale_if_error: 1m", "GET /flaky", "GET /flaky") { Has = ["200\n"] },
            new("coalesce: false", "GET /kept") { Has = ["fwd=uri-miss", "; stored"] },
            new("coalesce_timeout: 1s", "GET /kept") { Has = ["fwd=uri-miss", "; stored"] },
            new("request_directives: false", "GET /kept", "GET /kept\ncache-control: no-cache") { Has = ["; hit"] },
            new("targeted_fields: [X-CDN]", "GET /targeted", "GET /targeted") { Has = ["; hit"] },
            new("set_cookie: strip", "GET /kept-cookie", "GET /kept-cookie") { Has = ["; hit"], Lacks = ["set-cookie"] },
            new("tag_fields: [X-Tags]", "GET /kept", "GET /kept") { Has = ["; hit"] },
            new("bypass: { paths: [/kept] }", "GET /kept") { Has = ["fwd=bypass"] },
            new("bypass: { cookies: [c] }", "GET /kept\ncookie: c=1") { Has = ["fwd=bypass"] },
            new("bypass: { headers: [x-no] }", "GET /kept\nx-no: 1") { Has = ["fwd=bypass"] },
            new("key: '%REQ(x-k)%'", "GET /kept\nx-k: 1", "GET /kept\nx-k: 2") { Lacks = ["; hit"] },
            new("max_variants: 1", "GET /vary\nx-a: 1", "GET /vary\nx-a: 2", "GET /vary\nx-a: 1") { Lacks = ["; hit"] },
            new("max_vary_fields: 1", "GET /vary\nx-a: 1", "GET /vary\nx-a: 1") { Lacks = ["; hit"] },
            new("status_name: Edge", "GET /kept") { Has = ["cache-status: Edge; "] },
        ],
    };
}
