using System.Text;
using FilterProxy.Core.Routing;
using Xunit;

namespace FilterProxy.Tests.Routing;

public sealed class HostPatternTests
{
    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("example.com", "EXAMPLE.Com")]
    [InlineData("Example.COM", "example.com")]
    [InlineData("example.com", "example.com:8080")]
    [InlineData("example.com", "example.com.")]
    [InlineData("example.com", "example.com.:8080")]
    [InlineData("example.com.", "example.com")]
    [InlineData("*.example.com", "a.example.com")]
    [InlineData("*.example.com", "A.b.EXAMPLE.com:443")]
    [InlineData("*", "anything")]
    [InlineData("*", "")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("[::1]", "[::1]:8080")]
    [InlineData("[2001:DB8::1]", "[2001:db8::1]")]
    [InlineData("[::1]:8080", "[::1]:8080")]
    [InlineData("example.com:8080", "example.com:8080")]
    [InlineData("*.example.com:8080", "a.example.com:8080")]
    [InlineData("*:8080", "x:8080")]
    [InlineData("10.0.0.1", "10.0.0.1:80")]
    public void Matches(string pattern, string authority) => Assert.True(IsMatch(pattern, authority));

    [Theory]
    [InlineData("example.com", "example.org")]
    [InlineData("example.com", "a.example.com")]
    [InlineData("example.com", "example.com.evil")]
    [InlineData("example.com", "xexample.com")]
    [InlineData("example.com", "")]
    [InlineData("*.example.com", "example.com")]
    [InlineData("*.example.com", ".example.com")]
    [InlineData("*.example.com", "xexample.com")]
    [InlineData("example.com:8080", "example.com")]
    [InlineData("example.com:8080", "example.com:80")]
    [InlineData("example.com:8080", "example.com:80800")]
    [InlineData("example.com:8080", "example.com:8080x")]
    [InlineData("*:8080", "x:80")]
    [InlineData("[::1]", "[::2]")]
    [InlineData("[::1]:8080", "[::1]:80")]
    public void Does_not_match(string pattern, string authority) => Assert.False(IsMatch(pattern, authority));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("http://example.com", "scheme")]
    [InlineData("example.com/x", "path")]
    [InlineData("user@example.com", "user")]
    [InlineData("exämple.com", "xn--")]
    [InlineData("example.com:", "port")]
    [InlineData("example.com:0", "port")]
    [InlineData("example.com:65536", "port")]
    [InlineData("example.com:http", "port")]
    [InlineData("::1", "brackets")]
    [InlineData("[::1", "bracket")]
    [InlineData("[::1]x", "bracket")]
    [InlineData("a..b", "label")]
    [InlineData(".example.com", "label")]
    [InlineData("a.*.com", "'*'")]
    [InlineData("*example.com", "'*'")]
    [InlineData("*.*.com", "'*'")]
    public void Refuses_a_pattern_with_a_reason(string pattern, string reason)
    {
        Assert.False(HostPattern.TryParse(pattern, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    // A lone pattern in a table must say what the pattern itself says: they are two implementations.
    private static bool IsMatch(string pattern, string authority)
    {
        var host = HostPattern.Parse(pattern);
        var matches = host.Matches(Encoding.ASCII.GetBytes(authority));
        var table = RouteTable<int>.Build([new() { Name = "r", Value = 1, Hosts = [host] }]);
        Assert.Equal(matches, table.TryMatch(RequestHeads.Get("/", authority), "", new RouteCaptures(), out _));
        return matches;
    }
}
