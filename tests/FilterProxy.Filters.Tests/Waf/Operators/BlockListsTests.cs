using System.Net.Sockets;
using FilterProxy.Filters.Waf.Operators;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Operators;

public sealed class BlockListsTests
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData("192.0.2.99", "99.2.0.192.bad.example")]
    [InlineData("::ffff:192.0.2.99", "99.2.0.192.bad.example")]
    [InlineData("2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bad.example")]
    [InlineData("example.com", null)]
    public void An_address_is_asked_for_backwards(string address, string? expected) => Assert.Equal(expected, new BlockListMatch("bad.example").NameOf(address));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    public void What_is_no_zone_is_refused(string zone) => Assert.Throws<FormatException>(() => new BlockListMatch(zone));

    [Fact]
    public async Task An_answer_is_remembered_for_a_while()
    {
        var asked = 0;
        var lists = new BlockLists(_clock, (_, _) => Task.FromResult(++asked > 0));
        Assert.Null(lists.Find("a"));
        await lists.AskAsync("a");
        Assert.True(lists.Find("a"));
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Null(lists.Find("a"));
    }

    [Fact]
    public async Task A_list_that_fails_has_nobody_and_is_asked_again_soon()
    {
        var lists = new BlockLists(_clock, (_, _) => Task.FromException<bool>(new SocketException((int)SocketError.TryAgain)));
        await lists.AskAsync("a");
        Assert.False(lists.Find("a"));
        Assert.Equal(1, lists.Failures);
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(lists.Find("a"));
    }

    [Fact]
    public async Task A_list_that_is_silent_is_not_waited_for()
    {
        var lists = new BlockLists(_clock, async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return true;
        });
        var asked = lists.AskAsync("a");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await asked;
        Assert.False(lists.Find("a"));
    }

    [Fact]
    public async Task Memory_is_bounded()
    {
        var lists = new BlockLists(_clock, (_, _) => Task.FromResult(false));
        for (var i = 0; i <= BlockLists.MaxNames; i++)
        {
            await lists.AskAsync($"{i}");
        }

        Assert.Null(lists.Find("0"));
        Assert.False(lists.Find($"{BlockLists.MaxNames}"));
    }
}
