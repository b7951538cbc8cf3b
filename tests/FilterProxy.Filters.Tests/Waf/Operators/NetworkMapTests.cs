using FilterProxy.Filters.Waf.Operators;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Operators;

public sealed class NetworkMapTests
{
    [Theory]
    [InlineData("192.0.2.1", "small")]
    [InlineData("192.0.2.200", "large")]
    [InlineData("::ffff:192.0.2.1", "small")]
    [InlineData("2001:db8::1", "six")]
    [InlineData("198.51.100.1", null)]
    [InlineData("nobody", null)]
    public void The_smallest_network_counts(string address, string? expected)
    {
        var map = new NetworkMap<string>();
        map.Add("192.0.2.0/24", "large");
        map.Add("192.0.2.0/25", "small");
        map.Add("2001:db8::/32", "six");
        Assert.Equal(expected, map.TryFind(address, out var found) ? found : null);
    }

    [Theory]
    [InlineData("192.0.2.0/33")]
    [InlineData("2001:db8::/129")]
    [InlineData("192.0.2.0/x")]
    [InlineData("nobody")]
    public void What_is_no_network_is_refused(string network) => Assert.Throws<FormatException>(() => new NetworkMap<string>().Add(network, ""));

    [Theory]
    [InlineData("192.0.2.0/24")]
    [InlineData("192.0.2.0/24,")]
    [InlineData("192.0.2.0/24,DE,Germany,EU,more")]
    [InlineData(",DE")]
    public void A_line_that_names_no_country_is_refused(string line) =>
        Assert.StartsWith("line 2: ", Assert.Throws<FormatException>(() => Country.Parse("# first\n" + line)).Message, StringComparison.Ordinal);
}
