using FilterProxy.ScenarioTests.Executable;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>
/// A proxy with <c>conf/examples/edge.yaml</c> before the monorepo's services, of which <c>test</c> is down; and two other sites, of which the
/// example's CORS knows one.
/// </summary>
public sealed class EdgeSite(NextJsFixture next) : IAsyncLifetime
{
    private const string KnownOrigin = "origins: [http://localhost:3000,";
    private readonly TestUpstream _friend = TestUpstream.Start(Page), _stranger = TestUpstream.Start(Page);
    private readonly DeadPort _down = new();
    private ConfigFile? _config;
    private ProxyProcess? _proxy;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; } = new($"http://127.0.0.1:{ServerProcess.FreePort()}");

    /// <summary>A site whose pages may use the API.</summary>
    public Uri Friend => new($"http://127.0.0.1:{_friend.Port}");

    /// <summary>Any other.</summary>
    public Uri Stranger => new($"http://127.0.0.1:{_stranger.Port}");

    /// <summary>The address of a path.</summary>
    public Uri Through(string path) => new(Address, path);

    public async Task InitializeAsync()
    {
        if (Prerequisites.Missing is not null)
        {
            return;
        }

        var example = await File.ReadAllTextAsync(Repository.At("conf", "examples", "edge.yaml"));
        if (!example.Contains(KnownOrigin, StringComparison.Ordinal))
        {
            throw new InvalidOperationException("The example's origins look different.");
        }

        _config = new ConfigFile(example.Replace(KnownOrigin, $"origins: [\"{Friend.GetLeftPart(UriPartial.Authority)}\",", StringComparison.Ordinal));
        var environment = new[] { "main", "oauth", "admin", "kline", "flow" }
            .ToDictionary(service => $"{service.ToUpperInvariant()}_PORT", service => $"{next.Site.Direct(service).Port}");
        environment["TEST_PORT"] = $"{_down.Port}";
        environment["LISTEN"] = Address.Authority;
        _proxy = ProxyProcess.Start(["run", "-c", _config.Path], environment);
        await _proxy.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        _config?.Dispose();
        _down.Dispose();
        await _friend.DisposeAsync();
        await _stranger.DisposeAsync();
    }

    // /frame/<address> shows that address in a frame.
    private static UpstreamResponse Page(UpstreamRequest request) => UpstreamResponse.Ok(
        "<!doctype html><title>other</title><link rel=icon href=data:,>"
            + (request.Target.StartsWith("/frame/", StringComparison.Ordinal) ? $"<iframe src=\"{request.Target["/frame/".Length..]}\"></iframe>" : ""),
        ("Content-Type", "text/html"));
}
