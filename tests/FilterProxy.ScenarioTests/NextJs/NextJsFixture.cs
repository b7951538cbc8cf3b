using System.Net;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>The site and the browser all Next.js scenarios share.</summary>
public sealed class NextJsFixture : IAsyncLifetime
{
    private static readonly string[] BrowserArguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
    ];

    private NextSite? _site;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where the proxy under test listens.</summary>
    public Uri Proxy => Site.Address;

    /// <summary>Speaks to the proxy or to an app, and hides nothing: no cookies, redirects or decompression of its own.</summary>
    internal HttpClient Http { get; } = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
    });

    internal NextSite Site => _site ?? throw new InvalidOperationException("the site was not started");

    /// <summary>The address of a path behind the proxy.</summary>
    public Uri Through(string path) => new(Proxy, path);

    /// <summary>The address of the same path at the app itself.</summary>
    public Uri Direct(string path)
    {
        var first = path.Split('/', '?')[1];
        return new(Site.Direct(first is "oauth" or "admin" or "kline" or "flow" or "test" ? first : "main"), path);
    }

    /// <summary>A page with cookies of its own.</summary>
    public async Task<IPage> OpenAsync(bool javaScript = true, Uri? origin = null)
    {
        var context = await _browser!.NewContextAsync(
            new() { BaseURL = (origin ?? Proxy).ToString(), JavaScriptEnabled = javaScript, IgnoreHTTPSErrors = origin is not null });
        context.SetDefaultTimeout(30_000);
        return await context.NewPageAsync();
    }

    public async Task InitializeAsync()
    {
        if (Prerequisites.Missing is not null)
        {
            return;
        }

        _site = await NextSite.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Prerequisites.Chromium,
            Args = BrowserArguments,
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }

        Http.Dispose();
    }
}
