using System.Text.Json;
using FilterProxy.ScenarioTests.Clients;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.ScenarioTests.WebSockets;
using FilterProxy.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>Chromium, which uses a site and a WebSocket that only an agent can reach.</summary>
public sealed class TunnelBrowserTests(WsServer sockets) : IClassFixture<WsServer>, IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (Prerequisites.Chromium is not null)
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Prerequisites.Chromium,
                Args = ["--no-sandbox", "--disable-gpu", "--no-proxy-server", "--disable-dev-shm-usage", "--disable-background-networking"],
            });
        }
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    [BrowserFact]
    public async Task A_page_loads_and_posts_through_a_tunnel()
    {
        await using var origin = TestUpstream.Start(request => request.Target switch
        {
            "/" => UpstreamResponse.Create(200, "<!doctype html><title>inside</title><script src=/app.js></script>", ("Content-Type", "text/html")),
            "/app.js" => UpstreamResponse.Create(200, "document.title += ' and scripted'", ("Content-Type", "text/javascript")),
            _ => UpstreamResponse.Create(200, $"{request.Method} {request.Target} {request.Body.Length}", ("Content-Type", "text/plain")),
        });
        await using var pair = await TunnelPair.StartAsync(origin.Port);
        var page = await _browser!.NewPageAsync();

        await page.GotoAsync($"http://localhost:{pair.Server.Port}/");

        Assert.Equal("inside and scripted", await page.TitleAsync());
        var answers = await page.EvaluateAsync<JsonElement>(
            """
            async () => ({
              large: await (await fetch("/up", { method: "PUT", body: new Uint8Array(3_000_000) })).text(),
              many: (await Promise.all(Array.from({ length: 50 }, async (_, i) => (await fetch("/many" + i)).text()))).join(),
            })
            """);
        Assert.Equal("PUT /up 3000000", answers.GetProperty("large").GetString());
        Assert.Equal(string.Join(',', Enumerable.Range(0, 50).Select(i => $"GET /many{i} 0")), answers.GetProperty("many").GetString());
    }

    [TunnelBrowserFact]
    public async Task A_WebSocket_is_open_both_ways_through_a_tunnel()
    {
        await using var pair = await TunnelPair.StartAsync(sockets.Port);
        var page = await _browser!.NewPageAsync();

        var heard = await page.EvaluateAsync<string[]>(
            """
            async (url) => {
              const socket = new WebSocket(url), heard = [];
              await new Promise((opened, failed) => { socket.onopen = opened; socket.onerror = () => failed("not opened"); });
              for (const text of ["one", "x".repeat(100_000), "three"]) {
                const answer = new Promise((said) => socket.onmessage = (e) => said(e.data));
                socket.send(text);
                heard.push(await answer);
              }
              const closed = new Promise((over) => socket.onclose = (e) => over(String(e.code)));
              socket.close(1000);
              return [...heard, await closed];
            }
            """,
            $"ws://localhost:{pair.Server.Port}/echo");

        Assert.Equal(["one", new string('x', 100_000), "three", "1000"], heard);
    }
}

/// <summary>A test that needs a Chromium and node, and is skipped with the reason where one is missing.</summary>
internal sealed class TunnelBrowserFactAttribute : FactAttribute
{
    public TunnelBrowserFactAttribute() => Skip = new BrowserFactAttribute().Skip ?? new WsFactAttribute().Skip;
}
