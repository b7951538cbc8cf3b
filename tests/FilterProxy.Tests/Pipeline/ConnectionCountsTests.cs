using System.Net;
using FilterProxy.Core.Pipeline;
using Xunit;

namespace FilterProxy.Tests.Pipeline;

public sealed class ConnectionCountsTests
{
    private readonly ConnectionCounts _counts = new();

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::1", "0.0.0.0", false)]
    public void A_client_is_an_IPv4_address_or_an_IPv6_network(string one, string other, bool same) =>
        Assert.Equal(same, ClientKey.Of(IPAddress.Parse(one)) == ClientKey.Of(IPAddress.Parse(other)));

    [Fact]
    public void What_is_over_the_limit_is_not_counted()
    {
        Assert.True(_counts.TryAdd(1));
        Assert.False(_counts.TryAdd(1));
        Assert.Equal(1, _counts.Total);
        Assert.True(_counts.TryAdd(0));
    }

    [Fact]
    public void A_client_without_connections_is_forgotten()
    {
        var client = ClientKey.Of(IPAddress.Loopback);
        Assert.True(_counts.TryAdd(client, 2));
        Assert.True(_counts.TryAdd(client, 2));
        Assert.False(_counts.TryAdd(client, 2));

        _counts.Remove(client);
        Assert.Equal(1, _counts.Clients);
        _counts.Remove(client);
        Assert.Equal(0, _counts.Clients);
    }

    [Fact]
    public void Nothing_is_lost_when_many_come_and_go_at_once()
    {
        Parallel.For(0, 10_000, i =>
        {
            var client = ClientKey.Of(new IPAddress(i % 7));
            if (_counts.TryAdd(5))
            {
                if (_counts.TryAdd(client, 3))
                {
                    _counts.Remove(client);
                }

                _counts.Remove();
            }
        });

        Assert.Equal((0, 0), (_counts.Total, _counts.Clients));
    }
}
