using System.Collections.Concurrent;
using System.Text.Json;
using FilterProxy.ScenarioTests.Clients;
using FilterProxy.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary><c>conf/examples/edge.yaml</c> before the Next.js apps, as Chromium and curl see it.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class EdgeTests(NextJsFixture next, EdgeSite edge) : IClassFixture<EdgeSite>
{
    [NextJsFact]
    public async Task A_second_visitor_gets_pages_and_assets_from_the_cache_and_they_work()
    {
        await VisitAsync();

        var answers = await VisitAsync();

        Assert.All(answers.Where(answer => answer.Key is "/" or "/about" || answer.Key.StartsWith("/_next/static/", StringComparison.Ordinal)), answer =>
            Assert.Contains("; hit", answer.Value.GetValueOrDefault("cache-status", $"{answer.Key} has no Cache-Status"), StringComparison.Ordinal));

        // Those worth it: the shortest have 200 bytes.
        var scripts = answers.Where(answer => answer.Key.EndsWith(".js", StringComparison.Ordinal) && answer.Value.GetValueOrDefault("content-length", "long").Length > 3).ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, script => Assert.Contains(script.Value.GetValueOrDefault("content-encoding"), new[] { "br", "gzip" }));
        Assert.Contains("immutable", scripts[0].Value["cache-control"], StringComparison.Ordinal);
    }

    [NextJsFact]
    public async Task What_a_service_sends_plain_comes_compressed()
    {
        var page = await OpenAsync();
        await page.GotoAsync("/about");

        var sizes = await page.EvaluateAsync<JsonElement>(
            """
            async () => {
              const told = await (await fetch("/flow/x?" + "long".repeat(500))).json();
              const entry = performance.getEntriesByType("resource").find((e) => e.name.includes("/flow/x"));
              return { app: told.app, sent: entry.encodedBodySize, read: entry.decodedBodySize };
            }
            """);

        Assert.Equal("flow", sizes.GetProperty("app").GetString());
        Assert.InRange(sizes.GetProperty("sent").GetInt32(), 1, sizes.GetProperty("read").GetInt32() / 2);
    }

    [NextJsFact]
    public async Task Pages_have_security_headers_and_other_sites_cannot_frame_them()
    {
        var page = await OpenAsync();
        var headers = await (await page.GotoAsync("/"))!.AllHeadersAsync();

        Assert.Equal(
            ("SAMEORIGIN", "nosniff", "strict-origin-when-cross-origin", "camera=(), microphone=(), geolocation=()"),
            (headers["x-frame-options"], headers["x-content-type-options"], headers["referrer-policy"], headers["permissions-policy"]));
        Assert.Contains("frame-ancestors 'self'", headers["content-security-policy"], StringComparison.Ordinal);
        Assert.False(headers.ContainsKey("x-powered-by"));
        Assert.Equal("DENY", (await (await page.GotoAsync("/admin"))!.AllHeadersAsync())["x-frame-options"]);

        await page.GotoAsync(new Uri(edge.Stranger, $"/frame/{edge.Address}").ToString());
        await Poll.UntilAsync(() => page.Frames.Any(frame => frame.Url.StartsWith("chrome-error:", StringComparison.Ordinal)), TimeSpan.FromSeconds(30));
    }

    [NextJsFact]
    public async Task Pages_of_a_known_site_use_the_api_and_others_cannot()
    {
        var script =
            $$"""
            async () => {
              try {
                const r = await fetch("{{edge.Through("/api/oauth/echo")}}", { method: "PUT", credentials: "include", headers: { "content-type": "application/json" }, body: "{}" });
                return r.status + " " + (r.headers.get("x-request-id") ?? "").length;
              } catch (e) {
                return e.name;
              }
            }
            """;
        var page = await OpenAsync();
        await page.GotoAsync(edge.Friend.ToString());
        Assert.Equal("200 36", await page.EvaluateAsync<string>(script));

        await page.GotoAsync(edge.Stranger.ToString());
        Assert.Equal("TypeError", await page.EvaluateAsync<string>(script));
    }

    [NextJsFact]
    public async Task Pages_that_moved_lead_where_they_are()
    {
        var page = await OpenAsync();

        var login = await page.GotoAsync("/login");
        Assert.Equal((200, edge.Through("/oauth").ToString()), (login!.Status, page.Url));

        var blog = await page.GotoAsync("/blog/first");
        Assert.Equal((200, edge.Through("/flow/first").ToString()), (blog!.Status, page.Url));
        Assert.Equal(301, (await blog.Request.RedirectedFrom!.ResponseAsync())!.Status);
    }

    [NextJsFact]
    public async Task An_error_is_a_page_for_people_and_problem_details_for_programs()
    {
        var page = await OpenAsync();

        var answer = await page.GotoAsync("/test/x");

        var id = (await answer!.AllHeadersAsync())["x-request-id"];
        Assert.Equal((502, "502 Bad Gateway"), (answer.Status, await page.TextContentAsync("h1")));
        Assert.Contains(id, await page.TextContentAsync("p") ?? "", StringComparison.Ordinal);
        var problem = await page.EvaluateAsync<JsonElement>("async () => (await fetch('/test/x', { headers: { accept: 'application/json' } })).json()");
        Assert.Equal(("https://example.com/errors/connect_failed", 502), (problem.GetProperty("type").GetString(), problem.GetProperty("status").GetInt32()));
    }

    [NextJsFact]
    public async Task Curl_sees_the_same()
    {
        await CurlAsync("--compressed", "/about");
        var about = await CurlAsync("--compressed", "/about");
        Assert.Contains("; hit", about, StringComparison.Ordinal);
        Assert.Contains("<h1>About</h1>", about, StringComparison.Ordinal);

        var preflight = await CurlAsync("-X", "OPTIONS", "-H", $"origin: {edge.Friend.GetLeftPart(UriPartial.Authority)}", "-H", "access-control-request-method: POST", "/api/oauth/x");
        Assert.StartsWith("HTTP/1.1 204", preflight, StringComparison.Ordinal);
        Assert.Contains($"access-control-allow-origin: {edge.Friend.GetLeftPart(UriPartial.Authority)}\r\n", preflight, StringComparison.OrdinalIgnoreCase);

        Assert.Contains("location: /oauth\r\n", await CurlAsync("/login"), StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("HTTP/1.1 403", await CurlAsync("-A", "sqlmap/1.8", "/"), StringComparison.Ordinal);
    }

    /// <summary>A browser that knows nothing yet reads the first page, uses it, and goes on to another.</summary>
    /// <returns>The fields of each answer by its path.</returns>
    private async Task<ConcurrentDictionary<string, Dictionary<string, string>>> VisitAsync()
    {
        var page = await OpenAsync();
        var log = new PageLog(page);
        var answers = new ConcurrentBag<IResponse>();
        page.Response += (_, response) => answers.Add(response);

        await page.GotoAsync("/", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.ClickAsync("#counter");
        Assert.Equal("clicked 1", await page.TextContentAsync("#counter"));
        await page.ClickAsync("text=About");
        await page.GetByRole(AriaRole.Heading, new() { Name = "About" }).WaitForAsync();
        await page.GotoAsync("/about", new() { WaitUntil = WaitUntilState.NetworkIdle });

        Assert.Empty(log.Problems);
        var fields = new ConcurrentDictionary<string, Dictionary<string, string>>();
        foreach (var answer in answers.Where(answer => answer.Status == 200))
        {
            fields.TryAdd(new Uri(answer.Url).PathAndQuery, await answer.AllHeadersAsync());
        }

        return fields;
    }

    private Task<IPage> OpenAsync() => next.OpenAsync(origin: edge.Address);

    private async Task<string> CurlAsync(params string[] arguments)
    {
        var (code, output, error) = await ClientProgram.RunAsync("curl", ["-sSi", .. arguments[..^1], edge.Through(arguments[^1]).ToString()]);
        Assert.Equal((0, ""), (code, error));
        return output;
    }
}
