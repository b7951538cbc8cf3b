using FilterProxy.Filters.ReverseTunnel.Identity;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Identity;

public sealed class IdentityPatternTests
{
    [Theory]
    [InlineData("edge-1:shop:acme", true)]
    [InlineData("*:shop:acme", true)]
    [InlineData("edge-*:s*p:*", true)]
    [InlineData("*-1:*:acme", true)]
    [InlineData("edge-2:shop:acme", false)]
    [InlineData("edge-1*1:shop:acme", false)]
    [InlineData("*:shop:acm", false)]
    [InlineData("*:Shop:acme", false)]
    [InlineData("*:*:other", false)]
    public void A_pattern_is_about_the_agents_all_three_parts_fit(string text, bool expected)
    {
        Assert.True(IdentityPattern.TryParse(text, out var pattern, out _));
        Assert.Equal(expected, pattern.Fits(new TunnelIdentity("edge-1", "shop", "acme")));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*:*")]
    [InlineData("a*b*:shop:acme")]
    [InlineData("**:shop:acme")]
    [InlineData(":shop:acme")]
    [InlineData("edge:shop:")]
    [InlineData("edge:shop:ac me")]
    public void Other_patterns_are_refused(string text) => Assert.False(IdentityPattern.TryParse(text, out _, out _));
}
