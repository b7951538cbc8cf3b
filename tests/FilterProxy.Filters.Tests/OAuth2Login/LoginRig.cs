using FilterProxy.Filters.OAuth2Login;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>A provider, a filter that logs in there, and a clock that stands still.</summary>
internal sealed class LoginRig : IAsyncDisposable
{
    public const string Key = "0123456789abcdef0123456789abcdef-first";

    private readonly List<OAuth2LoginFilter> _filters = [];
    private readonly CancellationTokenSource _stop = new();

    private LoginRig()
    {
        Provider = new FakeProvider(Clock);
        Context = new TestComponentContext { Clock = Clock };
    }

    public FakeTimeProvider Clock { get; } = new();

    public FakeProvider Provider { get; }

    public TestComponentContext Context { get; }

    public OAuth2LoginFilter Filter => _filters[^1];

    public static async Task<LoginRig> StartAsync(Func<OAuth2LoginOptions, OAuth2LoginOptions>? change = null, Action<FakeProvider>? lie = null)
    {
        var rig = new LoginRig();
        lie?.Invoke(rig.Provider);
        await rig.AddFilterAsync(change);
        return rig;
    }

    /// <summary>Another instance, as another route or a reload makes it, over the same state.</summary>
    public async Task<OAuth2LoginFilter> AddFilterAsync(Func<OAuth2LoginOptions, OAuth2LoginOptions>? change = null, TestComponentContext? context = null)
    {
        var options = new OAuth2LoginOptions
        {
            Issuer = Provider.Issuer,
            ClientId = FakeProvider.ClientId,
            ClientSecret = FakeProvider.Secret,
            Session = new SessionOptions { Keys = [Key] },
        };
        var filter = new OAuth2LoginFilter(change?.Invoke(options) ?? options, context ?? Context);
        await filter.StartAsync(_stop.Token);
        _filters.Add(filter);
        return filter;
    }

    /// <summary>A browser that has logged in.</summary>
    public async Task<Browser> LogInAsync(string page = "/page")
    {
        var browser = new Browser(Filter);
        var answer = await LogInAsync(browser, page);
        Assert.Equal((303, "login_done"), (answer.Status, answer.Reason));
        return browser;
    }

    /// <summary>Goes to a page, to the provider and back.</summary>
    public async Task<Browser.Answer> LogInAsync(Browser browser, string page = "/page")
    {
        var begun = await browser.PageAsync(page);
        Assert.Equal((302, "login_required"), (begun.Status, begun.Reason));
        return await browser.PageAsync("/oauth2/callback?" + Provider.Authorize(begun.Location!));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var filter in _filters)
        {
            await filter.DisposeAsync();
        }

        await Provider.DisposeAsync();
        Context.Dispose();
        _stop.Dispose();
    }
}
