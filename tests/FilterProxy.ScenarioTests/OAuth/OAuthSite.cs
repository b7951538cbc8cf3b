using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.OAuth;

/// <summary>
/// The proxy with <c>conf/examples/oauth.yaml</c>, npm's oidc-provider as its oauth-service, an upstream that says who it was told is there, and a browser.
/// </summary>
public sealed class OAuthSite : IAsyncLifetime
{
    /// <summary>A program's API key, which may read.</summary>
    public const string Key = "fp_0123456789abcdef0123456789abcdef";

    private readonly TestUpstream _upstream = TestUpstream.Start(Answer);
    private readonly int _port = ServerProcess.FreePort();
    private ServerProcess? _provider;
    private ConfigFile? _config;
    private ProxyProcess? _proxy;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>What browsers see.</summary>
    public string Origin => $"http://localhost:{_port}";

    /// <summary>Without cookies and redirects of its own.</summary>
    internal HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    public async Task InitializeAsync()
    {
        if (Prerequisites.Missing is not null)
        {
            return;
        }

        var workspace = await NpmWorkspace.PrepareAsync("oidc");
        var port = ServerProcess.FreePort();
        _provider = ServerProcess.Start(
            "provider.js", Prerequisites.Node!, ["provider.js"], workspace, [new("ORIGIN", Origin), new("PORT", $"{port}"), new("LIFETIME", "8")]);
        await _provider.AnswersAsync(new Uri($"http://127.0.0.1:{port}/oauth/.well-known/openid-configuration"));
        _config = new ConfigFile(await File.ReadAllTextAsync(Repository.At("conf", "examples", "oauth.yaml")));
        _proxy = ProxyProcess.Start(["run", "-c", _config.Path], new Dictionary<string, string>
        {
            ["LISTEN"] = $"127.0.0.1:{_port}",
            ["ISSUER"] = $"{Origin}/oauth",
            ["API_KEY_HASH"] = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Key)))}",
            ["OAUTH_PORT"] = $"{port}",
            ["MAIN_PORT"] = $"{_upstream.Port}",
            ["ADMIN_PORT"] = $"{_upstream.Port}",
            ["KLINE_PORT"] = $"{_upstream.Port}",
        });
        await _proxy.ReadyAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Prerequisites.Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--no-proxy-server", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-quic"],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        if (_provider is not null)
        {
            await _provider.DisposeAsync();
        }

        _config?.Dispose();
        await _upstream.DisposeAsync();
        Http.Dispose();
    }

    /// <summary>A page of a browser of its own.</summary>
    public async Task<IPage> OpenAsync()
    {
        var context = await _browser!.NewContextAsync(new() { BaseURL = Origin });
        context.SetDefaultTimeout(30_000);
        return await context.NewPageAsync();
    }

    /// <summary>Goes to a page and logs in on the way.</summary>
    /// <returns>The page's answer.</returns>
    public static async Task<IResponse> LogInAsync(IPage page, string path, string user)
    {
        await page.GotoAsync(path);
        Assert.Equal("Log in", await page.Locator("h1").TextContentAsync());
        await page.FillAsync("[name=user]", user);
        await page.FillAsync("[name=password]", "any");
        return (await page.RunAndWaitForResponseAsync(
            () => page.ClickAsync("button"),
            response => response.Url.EndsWith(path, StringComparison.Ordinal) && response.Request.IsNavigationRequest && response.Status is not (>= 300 and < 400)))!;
    }

    /// <summary>What the upstream was told, as its page shows it.</summary>
    public static async Task<JsonElement> ToldAsync(IPage page) => JsonDocument.Parse((await page.TextContentAsync("pre"))!).RootElement;

    // Tokens as digests: pages show whether two are the same, and no more.
    private static UpstreamResponse Answer(UpstreamRequest request)
    {
        var token = request.Headers["Authorization"];
        var told = JsonSerializer.Serialize(new
        {
            path = request.Target,
            user = request.Headers["X-User"],
            roles = request.Headers["X-Roles"],
            bearer = token?.StartsWith("Bearer ", StringComparison.Ordinal) == true,
            token = token is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token)))[..16],
            cookie = request.Headers["Cookie"],
        });
        return request.Headers["Accept"]?.Contains("text/html", StringComparison.Ordinal) == true
            ? UpstreamResponse.Ok($"<!doctype html><title>app</title><link rel=icon href=data:,><h1>App</h1><pre>{told}</pre>", ("Content-Type", "text/html"))
            : UpstreamResponse.Ok(told, ("Content-Type", "application/json"));
    }
}
