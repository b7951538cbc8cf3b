using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class NameResolverTests
{
    private readonly FakeTimeProvider _time = new();
    private int _lookups;

    [Fact]
    public async Task Asks_again_only_after_the_refresh_time()
    {
        var resolver = new NameResolver(_time, TimeSpan.FromSeconds(30), Answer);
        Assert.Equal("10.0.0.1", (await resolver.ResolveAsync("app", default)).Single().ToString());
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal("10.0.0.1", (await resolver.ResolveAsync("APP", default)).Single().ToString());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("10.0.0.2", (await resolver.ResolveAsync("app", default)).Single().ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Keeps_the_last_good_answer_while_the_resolver_fails_or_hangs(bool hangs)
    {
        var away = false;
        var resolver = new NameResolver(_time, TimeSpan.FromSeconds(1), (name, cancel) =>
            !away ? Answer(name, cancel)
            : hangs ? Task.FromCanceled<IPAddress[]>(new CancellationToken(canceled: true))
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)));
        await resolver.ResolveAsync("app", default);
        away = true;
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("10.0.0.1", (await resolver.ResolveAsync("app", default)).Single().ToString());
    }

    [Fact]
    public async Task A_name_that_never_resolved_is_an_error_and_so_is_an_empty_answer()
    {
        var resolver = new NameResolver(_time, TimeSpan.FromSeconds(1), (_, _) => Task.FromResult(Array.Empty<IPAddress>()));

        await Assert.ThrowsAsync<SocketException>(async () => await resolver.ResolveAsync("app", default));
    }

    private Task<IPAddress[]> Answer(string name, CancellationToken cancel) =>
        Task.FromResult(new[] { IPAddress.Parse($"10.0.0.{++_lookups}") });
}
