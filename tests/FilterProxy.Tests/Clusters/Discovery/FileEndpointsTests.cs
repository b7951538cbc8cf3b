using FilterProxy.Core.Config.Discovery;
using FilterProxy.TestKit;
using FilterProxy.Tests.Config;
using Xunit;

namespace FilterProxy.Tests.Clusters.Discovery;

public sealed class FileEndpointsTests : IAsyncDisposable
{
    private readonly ConfigFolder _folder = new();
    private readonly TestComponentContext _context = new();
    private readonly CancellationTokenSource _stop = new();
    private FileEndpointOptions _options = new() { Path = "", Interval = TimeSpan.FromMilliseconds(5) };
    private IAsyncEnumerator<IReadOnlyList<DiscoveredEndpoint>>? _sets;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _folder.Dispose();
        _stop.Dispose();
    }

    [Theory]
    [InlineData("- 10.0.0.1:80\n- { address: app.internal:81, weight: 3, priority: 1, labels: { zone: a } }\n")]
    [InlineData("[ \"10.0.0.1:80\", { \"address\": \"app.internal:81\", \"weight\": 3, \"priority\": 1, \"labels\": { \"zone\": \"a\" } } ]")]
    public async Task A_list_is_read_as_in_the_configuration(string text)
    {
        _folder.Write("list", text);
        var set = await NextAsync();
        Assert.Equal(["10.0.0.1:80 1 0 ", "app.internal:81 3 1 a"], set.Select(e => $"{e.Name} {e.Weight} {e.Priority} {e.Labels.GetValueOrDefault("zone")}"));
    }

    [Fact]
    public async Task A_change_is_told_and_an_error_keeps_the_last_list()
    {
        _folder.Write("list", "- 10.0.0.1:80\n");
        await NextAsync();
        var next = NextAsync();
        foreach (var wrong in new[] { "- nonsense\n", "- 10.0.0.1:80: [\n", "", "[]" })
        {
            await ComplainsAsync(() => Replace(wrong));
        }

        await ComplainsAsync(() => File.Delete(Path.Combine(_folder.Path, "list")));
        Replace("- 10.0.0.2:80\n- 10.0.0.2:80\n");
        Assert.Equal(["10.0.0.2:80"], (await next).Select(endpoint => endpoint.Name));
        Assert.Equal(5, _context.Sum("filterproxy.upstream.discovery.problems"));
    }

    [Fact]
    public async Task A_file_that_is_not_there_yet_is_an_empty_set()
    {
        Assert.Empty(await NextAsync());
        _folder.Write("list", "- 10.0.0.1:80\n");
        Assert.Single(await NextAsync());
    }

    [Fact]
    public async Task An_empty_list_is_in_force_where_that_is_allowed()
    {
        _options = _options with { AllowEmpty = true };
        _folder.Write("list", "- 10.0.0.1:80\n");
        Assert.Single(await NextAsync());
        Replace("[]");
        Assert.Empty(await NextAsync());
    }

    // At once, as a program would: half of a file is another content.
    private void Replace(string text)
    {
        _folder.Write("next", text);
        File.Move(Path.Combine(_folder.Path, "next"), Path.Combine(_folder.Path, "list"), overwrite: true);
    }

    private async Task ComplainsAsync(Action change)
    {
        var before = _context.LogLines.Count;
        change();
        await Poll.UntilAsync(() => _context.LogLines.Count > before);
    }

    private async Task<IReadOnlyList<DiscoveredEndpoint>> NextAsync()
    {
        _sets ??= new FileEndpoints(
            _options with { Path = Path.Combine(_folder.Path, "list") }, _context).WatchAsync(_stop.Token).GetAsyncEnumerator();
        Assert.True(await _sets.MoveNextAsync());
        return _sets.Current;
    }
}
