using FilterProxy.Core.Config.Binding;
using Xunit;

namespace FilterProxy.Tests.Config.Binding;

public sealed class NetworkTextTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("203.0.113.9", "203.0.113.9/32")]
    [InlineData("::1", "::1/128")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    public void Networks_and_single_addresses_are_read(string text, string expected)
    {
        Assert.True(NetworkText.TryParse(text, out var network, out var error), error);
        Assert.Equal(expected, network.ToString());
    }

    [Theory]
    [InlineData("10.0.0.5/8", "'10.0.0.5/8' has bits set after its prefix (did you mean '10.0.0.0/8'?)")]
    [InlineData("2001:db8::1/32", "'2001:db8::1/32' has bits set after its prefix (did you mean '2001:db8::/32'?)")]
    [InlineData("10", "expected a network like '10.0.0.0/8', got '10'")]
    [InlineData("10.0.0.0/33", "expected a network like '10.0.0.0/8', got '10.0.0.0/33'")]
    [InlineData("10.0.0.0/-1", "expected a network like '10.0.0.0/8', got '10.0.0.0/-1'")]
    [InlineData("10.0.0.0/", "expected a network like '10.0.0.0/8', got '10.0.0.0/'")]
    [InlineData("010.0.0.0/8", "expected a network like '10.0.0.0/8', got '010.0.0.0/8'")]
    [InlineData("[::1]", "expected a network like '10.0.0.0/8', got '[::1]'")]
    [InlineData("fe80::1%2", "expected a network like '10.0.0.0/8', got 'fe80::1%2'")]
    [InlineData("example.com", "expected a network like '10.0.0.0/8', got 'example.com'")]
    public void What_is_no_network_is_refused(string text, string expected)
    {
        Assert.False(NetworkText.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }
}
