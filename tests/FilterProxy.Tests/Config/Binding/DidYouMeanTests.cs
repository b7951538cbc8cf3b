using FilterProxy.Core.Config.Binding;
using Xunit;

namespace FilterProxy.Tests.Config.Binding;

public sealed class DidYouMeanTests
{
    private static readonly string[] Known =
        ["permits", "window", "key", "trusted_proxies", "connect_timeout", "endpoints", "load_balancer", "listeners", "host", "path", "methods"];

    [Theory]
    [InlineData("permit", "permits")]
    [InlineData("premits", "permits")]
    [InlineData("permitss", "permits")]
    [InlineData("windo", "window")]
    [InlineData("keys", "key")]
    [InlineData("trustedProxies", "trusted_proxies")]
    [InlineData("trusted-proxies", "trusted_proxies")]
    [InlineData("ConnectTimeout", "connect_timeout")]
    [InlineData("conect_timout", "connect_timeout")]
    [InlineData("endpionts", "endpoints")]
    [InlineData("listner", "listeners")]
    [InlineData("hosts", "host")]
    [InlineData("paths", "path")]
    [InlineData("method", "methods")]
    [InlineData("loadbalancer", "load_balancer")]
    [InlineData("retries", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    [InlineData("timeout", null)]
    public void The_nearest_word_is_offered_when_it_is_near(string word, string? expected) =>
        Assert.Equal(expected, DidYouMean.Nearest(word, Known));

    [Theory]
    [InlineData("abc", "abc", 0)]
    [InlineData("abc", "acb", 1)]
    [InlineData("abc", "ab", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void Swapped_neighbours_count_as_one_change(string left, string right, int distance) =>
        Assert.Equal(distance, DidYouMean.Distance(left, right));

    [Fact]
    public void When_nothing_is_near_a_short_list_is_shown_whole() =>
        Assert.Equal("options: permits, window", DidYouMean.Hint("burst", ["permits", "window"], "options"));

    [Fact]
    public void A_long_list_is_not_shown() =>
        Assert.Null(DidYouMean.Hint("zzzzzzzz", [.. Enumerable.Range(0, 13).Select(i => $"name{i}")], "options"));

    [Fact]
    public void A_very_long_word_is_not_compared() => Assert.Null(DidYouMean.Nearest(new string('a', 1_000_000), Known));
}
