using FilterProxy.Filters.OAuth2Login.Login;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Where a login may lead to.</summary>
public sealed class ReturnAddressTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a/b?c=d&e=%2F%2Fevil.example")]
    [InlineData("/a//b")]
    public void A_path_of_this_site_is_come_back_to(string address) => Assert.True(ReturnAddress.IsLocal(address));

    [Theory]
    [InlineData("")]
    [InlineData("//evil.example")]
    [InlineData("///evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\/evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("/\n/evil.example")]
    [InlineData("\t//evil.example")]
    [InlineData(" //evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("https:evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("evil.example")]
    [InlineData("/a#b")]
    [InlineData("/ключ")]
    [InlineData("/a\r\nset-cookie: x=y")]
    public void Everything_a_browser_could_take_for_another_site_is_not(string address)
    {
        Assert.False(ReturnAddress.IsLocal(address));
        Assert.Equal("/", ReturnAddress.OfParameter(System.Text.Encoding.ASCII.GetBytes(Uri.EscapeDataString(address))));
    }

    [Fact]
    public void An_address_that_would_not_fit_a_cookie_is_not() => Assert.False(ReturnAddress.IsLocal("/" + new string('a', 2000)));
}
