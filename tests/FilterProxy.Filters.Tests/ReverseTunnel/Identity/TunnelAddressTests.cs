using FilterProxy.Filters.ReverseTunnel.Identity;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Identity;

public sealed class TunnelAddressTests
{
    [Fact]
    public void An_address_says_who_dials_whom_and_how_often()
    {
        Assert.True(TunnelAddress.TryParse("rc://edge-1:shop:acme@hub:4", out var address, out _));
        Assert.Equal((new TunnelIdentity("edge-1", "shop", "acme"), "hub", 4), (address.Identity, address.Server, address.Count));
        Assert.Equal("rc://edge-1:shop:acme@hub:4", address.ToString());
    }

    [Fact]
    public void The_tenant_of_an_address_may_be_empty() =>
        Assert.True(TunnelAddress.TryParse("rc://edge-1:shop:@hub:1", out _, out _));

    [Theory]
    [InlineData("")]
    [InlineData("edge-1:shop:acme@hub:4")]
    [InlineData("RC://edge-1:shop:acme@hub:4")]
    [InlineData("rc://edge-1:shop:acme")]
    [InlineData("rc://edge-1:shop:acme@hub")]
    [InlineData("rc://edge-1:shop:acme@hub:4:5")]
    [InlineData("rc://edge-1:shop:acme@hub:4@hub:4")]
    [InlineData("rc://edge-1:shop:acme@:4")]
    [InlineData("rc://edge-1:shop:acme@hub:")]
    [InlineData("rc://edge-1:shop:acme@hub:0")]
    [InlineData("rc://edge-1:shop:acme@hub:-1")]
    [InlineData("rc://edge-1:shop:acme@hub:1025")]
    [InlineData("rc://edge-1:shop:acme@hub:99999999999")]
    [InlineData("rc://:shop:acme@hub:4")]
    [InlineData("rc://edge-1::acme@hub:4")]
    [InlineData("rc://edge-1:shop@hub:4")]
    [InlineData("rc://shop:shop:acme@hub:4")]
    public void Anything_else_is_refused_with_what_is_wrong(string text)
    {
        Assert.False(TunnelAddress.TryParse(text, out _, out var problem));
        Assert.NotEqual("", problem);
    }
}
