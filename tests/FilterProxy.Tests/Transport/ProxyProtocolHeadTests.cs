using System.Net;
using System.Text;
using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class ProxyProtocolHeadTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    [Theory]
    [InlineData("203.0.113.9", "198.51.100.1", "PROXY TCP4 203.0.113.9 198.51.100.1 40000 443\r\n")]
    [InlineData("::ffff:203.0.113.9", "198.51.100.1", "PROXY TCP4 203.0.113.9 198.51.100.1 40000 443\r\n")]
    [InlineData("2001:db8::9", "2001:db8::1", "PROXY TCP6 2001:db8::9 2001:db8::1 40000 443\r\n")]
    [InlineData("fe80::9%3", "fe80::1%3", "PROXY TCP6 fe80::9 fe80::1 40000 443\r\n")]
    [InlineData("2001:db8::9", "198.51.100.1", "PROXY TCP6 2001:db8::9 ::ffff:198.51.100.1 40000 443\r\n")]
    [InlineData(null, null, "PROXY UNKNOWN\r\n")]
    [InlineData("203.0.113.9", null, "PROXY UNKNOWN\r\n")]
    public void Version_1_is_a_line(string? remote, string? local, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(ProxyProtocolHead.Write(ProxyProtocolVersion.V1, Info(remote, local))));

    [Theory]
    [InlineData("203.0.113.9", "198.51.100.1", "2111000CCB007109C63364019C4001BB")]
    [InlineData("::ffff:203.0.113.9", "198.51.100.1", "2111000CCB007109C63364019C4001BB")]
    [InlineData("2001:db8::9", "2001:db8::1", "2121002420010DB800000000000000000000000920010DB80000000000000000000000019C4001BB")]
    [InlineData(null, null, "21000000")]
    public void Version_2_is_binary(string? remote, string? local, string expected) =>
        Assert.Equal(Signature + expected, Convert.ToHexString(ProxyProtocolHead.Write(ProxyProtocolVersion.V2, Info(remote, local))));

    [Fact]
    public void Without_a_client_it_speaks_for_itself()
    {
        Assert.Equal(Signature + "20000000", Convert.ToHexString(ProxyProtocolHead.Write(ProxyProtocolVersion.V2, null)));
        Assert.Equal("PROXY UNKNOWN\r\n", Encoding.ASCII.GetString(ProxyProtocolHead.Write(ProxyProtocolVersion.V1, null)));
    }

    private static DownstreamInfo Info(string? remote, string? local) => new()
    {
        RemoteAddress = remote is null ? null : IPAddress.Parse(remote),
        RemotePort = 40000,
        LocalAddress = local is null ? null : IPAddress.Parse(local),
        LocalPort = 443,
    };
}
