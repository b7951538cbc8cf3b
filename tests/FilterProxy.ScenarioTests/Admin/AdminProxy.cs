using System.Net;
using System.Text.Json.Nodes;
using FilterProxy.Host;
using FilterProxy.Host.Admin;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>A proxy in this process with its admin listener, and a client of that.</summary>
internal sealed class AdminProxy : IAsyncDisposable
{
    public const string Token = "planted-token-0123456789";
    private readonly AdminListener _listener;
    private readonly CancellationTokenSource _closing;
    private readonly string _folder;

    private AdminProxy(TestProxy proxy, AdminListener listener, CancellationTokenSource closing, LogBook log, ProxyControl control, string folder)
    {
        (Proxy, _listener, _closing, Log, Control, _folder) = (proxy, listener, closing, log, control, folder);
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(listener.Address) };
    }

    public TestProxy Proxy { get; }

    /// <summary>Of the admin listener's address, without the token.</summary>
    public HttpClient Http { get; }

    /// <summary>What the admin listener said.</summary>
    public LogBook Log { get; }

    public ProxyControl Control { get; }

    public string Address => _listener.Address;

    /// <param name="yaml">Without <c>admin</c> and <c>listeners</c>.</param>
    /// <param name="admin">More of the section <c>admin</c>, e.g. <c>, allowed_hosts: [a]</c>.</param>
    /// <param name="hasToken">Whether a token is configured.</param>
    /// <param name="components">Component classes of the test.</param>
    public static Task<AdminProxy> StartAsync(
        string yaml = "routes: [ { name: all, respond: { body: ok } } ]", string admin = "", bool hasToken = true, params Type[] components) =>
        StartWholeAsync(
            folder => $$"""
            admin: { address: "127.0.0.1:0"{{(hasToken ? $", token: \"file:{folder}/token\"" : "")}}{{admin}} }
            {{yaml}}
            """,
            components);

    /// <param name="yaml">The whole configuration, made for a folder with the file <c>token</c>; begins with <c>listeners</c> where it has some.</param>
    /// <param name="components">Component classes of the test.</param>
    public static async Task<AdminProxy> StartWholeAsync(Func<string, string> yaml, params Type[] components)
    {
        var folder = Directory.CreateTempSubdirectory("filterproxy-admin-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), Token);
        var proxy = await TestProxy.StartAsync(yaml(folder), components: components);
        var log = new LogBook();
        var closing = new CancellationTokenSource();
        var control = new ProxyControl(proxy.Engine, "test.yaml", proxy.Engine.Current!.Config, new LogLevels())
        {
            Stop = () => proxy.Engine.Services.BeginDrain(),
            Closing = closing.Token,
        };
        return new AdminProxy(proxy, await AdminListener.StartAsync(control.Config.Admin!, control, log), closing, log, control, folder);
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Http.GetStringAsync(path))!;

    /// <summary>A change, with the token.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Answer)> PostAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Authorization = new("Bearer", Token);
        return await SendAsync(request);
    }

    public async Task<(HttpStatusCode Status, JsonNode Answer)> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Http.Dispose();
        await _listener.DisposeAsync();
        await Proxy.DisposeAsync();
        _closing.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
