using FilterProxy.Filters.ReverseTunnel.Identity;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Identity;

public sealed class TunnelIdentityTests
{
    [Theory]
    [InlineData("edge-1:shop:acme")]
    [InlineData("a:b:")]
    [InlineData("n.1_~:C:t-2")]
    public void An_identity_is_written_as_it_was_read(string text)
    {
        Assert.True(TunnelIdentity.TryParse(text, out var identity, out _));
        Assert.Equal(text, identity.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("edge-1")]
    [InlineData("edge-1:shop")]
    [InlineData("edge-1:shop:acme:more")]
    [InlineData(":shop:acme")]
    [InlineData("edge-1::acme")]
    [InlineData("shop:shop:acme")]
    [InlineData("edge 1:shop:acme")]
    [InlineData("edge/1:shop:acme")]
    [InlineData("edge-*:shop:acme")]
    [InlineData("edge-1:sh@p:acme")]
    [InlineData("edge-1:shop:ac\nme")]
    [InlineData("edge-é:shop:acme")]
    public void What_could_be_read_as_two_identities_is_none(string text)
    {
        Assert.False(TunnelIdentity.TryParse(text, out var identity, out var problem));
        Assert.Null(identity);
        Assert.NotEqual("", problem);
    }

    [Fact]
    public void A_part_of_more_than_128_characters_is_none() =>
        Assert.Equal((true, false), (TunnelIdentity.IsPart(new string('a', 128)), TunnelIdentity.IsPart(new string('a', 129))));

    [Fact]
    public void A_name_somebody_else_chose_cannot_break_a_line_of_the_log() => Assert.Equal("a?b?", TunnelIdentity.Show("a\nb "));
}
