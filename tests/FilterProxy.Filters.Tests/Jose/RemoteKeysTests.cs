extern alias jwt_auth;

using System.Text;
using FilterProxy.TestKit;
using jwt_auth::FilterProxy.Filters.Jose;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

public sealed class RemoteKeysTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly TokenMaker _one = new("ES256", "one"), _two = new("ES256", "two");
    private Func<Task<string>> _answer;
    private int _fetches;

    public RemoteKeysTests() => _answer = () => Task.FromResult(_one.Jwks);

    public void Dispose()
    {
        _context.Dispose();
        _one.Dispose();
        _two.Dispose();
    }

    [Fact]
    public async Task The_first_who_asks_waits_for_the_keys_and_all_share_one_fetch()
    {
        var gate = new TaskCompletionSource<string>();
        _answer = () => gate.Task;
        var keys = Create();
        var asking = Enumerable.Range(0, 20).Select(_ => keys.GetAsync(default).AsTask()).ToList();
        gate.SetResult(_one.Jwks);
        Assert.All(await Task.WhenAll(asking), set => Assert.Equal(["one"], set!.Ids));
        Assert.Equal(1, _fetches);
    }

    [Fact]
    public async Task An_unknown_key_is_asked_for_at_once_but_not_again_before_the_floor()
    {
        var keys = Create();
        var first = await keys.GetAsync(default);
        _answer = () => Task.FromResult(TokenMaker.SetOf(_one, _two));
        Assert.Same(first, await keys.RenewAsync(first!, default));
        _clock.Advance(TimeSpan.FromSeconds(30));
        var second = await keys.RenewAsync(first!, default);
        Assert.Equal(["one", "two"], second!.Ids);

        for (var i = 0; i < 10; i++)
        {
            Assert.Same(second, await keys.RenewAsync(second, default));
        }

        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task The_same_text_is_the_same_set()
    {
        var keys = Create();
        var first = await keys.GetAsync(default);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(first, await keys.RenewAsync(first!, default));
        Assert.Equal(2, _fetches);
    }

    [Theory]
    [InlineData("<html>sorry</html>", "no JSON")]
    [InlineData("""{"keys":[]}""", "it has no keys")]
    [InlineData(null, "unreachable")]
    public async Task While_the_provider_is_down_or_talks_nonsense_the_old_keys_stay_until_they_are_too_old(string? nonsense, string why)
    {
        var keys = Create(new() { Refresh = TimeSpan.FromHours(1), MaxStale = TimeSpan.FromHours(2) });
        var first = await keys.GetAsync(default);
        _answer = () => nonsense is null ? throw new HttpRequestException("unreachable") : Task.FromResult(nonsense);
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Same(first, await keys.RenewAsync(first!, default));
        Assert.Contains(why, keys.Problem, StringComparison.Ordinal);
        Assert.Contains(_context.LogLines, line => line.StartsWith("Error: The keys of 'login' cannot be fetched", StringComparison.Ordinal) && line.Contains(why, StringComparison.Ordinal));

        _clock.Advance(TimeSpan.FromHours(1.1));
        Assert.Null(keys.Current);
        _answer = () => Task.FromResult(_two.Jwks);
        Assert.Equal(["two"], (await keys.GetAsync(default))!.Ids);
        Assert.Contains("Information: The keys of 'login' can be fetched again.", _context.LogLines);
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_given_up()
    {
        _answer = () => new TaskCompletionSource<string>().Task;
        var keys = Create();
        var asking = keys.GetAsync(default).AsTask();
        await Poll.UntilAsync(() => _clock.Waiting > 0);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await asking);
        Assert.Equal("no answer within 5 s", keys.Problem);
        Assert.Null(await keys.GetAsync(default));
        Assert.Equal(1, _fetches);
    }

    [Fact]
    public async Task In_the_background_keys_are_fetched_before_they_are_old_and_after_a_failure_soon()
    {
        using var stop = new CancellationTokenSource();
        _answer = () => throw new HttpRequestException("refused");
        var keys = Create();
        var running = keys.RunAsync(stop.Token);
        await Poll.UntilAsync(() => keys.Problem == "refused" && _clock.Waiting > 0);
        _answer = () => Task.FromResult(_one.Jwks);
        await AdvanceUntilAsync(() => keys.Current is not null, TimeSpan.FromSeconds(1));
        _answer = () => Task.FromResult(_two.Jwks);
        await AdvanceUntilAsync(() => keys.Current!.Ids.Single() == "two", TimeSpan.FromMinutes(20));
        await stop.CancelAsync();
        await running;
        Assert.InRange(_fetches, 3, 20);
    }

    [Fact]
    public async Task Another_instance_takes_over_what_was_fetched()
    {
        var keys = Create();
        var set = await keys.GetAsync(default);
        var next = Create();
        next.Adopt(keys);
        Assert.Same(set, next.Current);
    }

    private RemoteKeys Create(RemoteKeysOptions? options = null) => new(
        "'login'",
        async _ =>
        {
            Interlocked.Increment(ref _fetches);
            return Encoding.UTF8.GetBytes(await _answer());
        },
        options ?? new(),
        _clock,
        _context.Logger);

    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step) => await Poll.UntilAsync(() =>
    {
        if (!condition() && _clock.Waiting > 0)
        {
            _clock.Advance(step);
        }

        return condition();
    });
}
