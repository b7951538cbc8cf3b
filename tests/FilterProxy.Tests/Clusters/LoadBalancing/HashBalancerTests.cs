using System.Text;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters.LoadBalancing;

/// <summary>Balancers that send the same key to the same endpoint: how evenly, and what moves when one leaves.</summary>
public sealed class HashBalancerTests
{
    private const int Keys = 20_000;

    [Theory]
    [InlineData("consistent_hash", 10, 0.25)]
    [InlineData("consistent_hash", 100, 0.40)]
    [InlineData("maglev", 10, 0.08)]
    [InlineData("maglev", 100, 0.30)]
    [InlineData("ip_hash", 10, 0.08)]
    public void Keys_are_spread_evenly(string name, int endpoints, double tolerance)
    {
        var set = Balancers.SetOf(endpoints);
        var even = Keys / (double)endpoints;
        Assert.All(Balancers.Create(name).Build(set, null).Count(set, Keys), count => Assert.InRange(count, even * (1 - tolerance), even * (1 + tolerance)));
    }

    // Of the keys the others have; the ring moves none of them.
    [Theory]
    [InlineData("consistent_hash", 10, 0)]
    [InlineData("consistent_hash", 100, 0)]
    [InlineData("maglev", 10, 0.05)]
    [InlineData("maglev", 100, 0.05)]
    [InlineData("ip_hash", 10, 0.05)]
    public void When_an_endpoint_leaves_its_keys_move_and_few_others(string name, int endpoints, double most)
    {
        var set = Balancers.SetOf(endpoints);
        var before = Balancers.Create(name).Build(set, null);
        var after = Balancers.Create(name).Build(set.Without(3), null);
        int its = 0, others = 0;
        for (var i = 0; i < Keys; i++)
        {
            var context = Balancers.KeyOf(i);
            var (was, now) = (before.Pick(context), after.Pick(context));
            its += ReferenceEquals(was, set[3]) ? 1 : 0;
            others += !ReferenceEquals(was, set[3]) && !ReferenceEquals(was, now) ? 1 : 0;
        }

        Assert.InRange(its, 1, Keys * 2 / endpoints);
        Assert.InRange(others / (double)(Keys - its), 0, most);
    }

    [Fact]
    public void A_ring_of_uneven_weights_has_their_shares()
    {
        var set = Balancers.SetOf(3, 1);
        Assert.InRange(new ConsistentHash(new HashOptions()).Build(set, null).Count(set, Keys)[0], Keys * 0.65, Keys * 0.85);
    }

    /// <summary>The points of a ring: CRC-32 of address, a zero byte, port and the point before.</summary>
    [Fact]
    public void Points_and_keys_lie_where_other_ketama_rings_have_them()
    {
        Assert.Equal(0xCBF43926, StableHash.Crc32("123456789"u8));
        var set = Balancers.SetOf(1, 1, 1);
        var points = new List<(uint Point, Endpoint Owner)>();
        foreach (var endpoint in set.Span)
        {
            var name = Encoding.ASCII.GetBytes(endpoint.Name.Replace(':', '\0'));
            uint previous = 0;
            for (var i = 0; i < 160; i++)
            {
                previous = StableHash.Crc32([.. name, .. BitConverter.GetBytes(previous)]);
                points.Add((previous, endpoint));
            }
        }

        points.Sort((a, b) => a.Point.CompareTo(b.Point));
        var picker = new ConsistentHash(new HashOptions { Key = Template.Parse("%REQ(x-user)%") }).Build(set, null);
        for (var i = 0; i < 500; i++)
        {
            var hash = StableHash.Crc32(Encoding.ASCII.GetBytes($"user-{i}"));
            var expected = points.Find(point => point.Point >= hash).Owner ?? points[0].Owner;
            using var exchange = TestExchange.Get("/").WithHeader("x-user", $"user-{i}");
            Assert.Same(expected, picker.Pick(new PickContext(Exchange: exchange)));
        }
    }

    /// <summary>
    /// Where other implementations of the ring have these keys. Found with nothing of this repository, so that both can be wrong only together:
    /// <code>
    /// import zlib, struct, bisect
    /// def ring(nodes):                                            # [(ip, port, weight)]
    ///     points = []
    ///     for index, (ip, port, weight) in enumerate(nodes):
    ///         seed, point = zlib.crc32(f"{ip}\0{port}".encode()), 0
    ///         for _ in range(160 * weight):
    ///             point = zlib.crc32(struct.pack("&lt;I", point), seed)
    ///             points.append((point, index))
    ///     return sorted(points)
    /// def pick(points, key):
    ///     return points[bisect.bisect_left(points, (zlib.crc32(key.encode()), -1)) % len(points)][1]
    /// </code>
    /// </summary>
    [Theory]
    [InlineData("192.0.2.1:8080 192.0.2.2:8080 192.0.2.3:8080 192.0.2.4:8080 192.0.2.5:8080", "1 1 1 1 1", "1403343223043003022220214123301002012210")]
    [InlineData("192.0.2.1:8080 192.0.2.2:8080 192.0.2.3:8080", "2 4 6", "2202212022221020022220212022201022022210")]
    [InlineData("[2001:db8::1]:443 [2001:db8::2]:443 [2001:db8::3]:443 [2001:db8::4]:443", "1 1 1 1", "3201111002302013023210110230212113102020")]
    public void The_ring_gives_known_answers(string endpoints, string weights, string owners)
    {
        var set = new TestCluster("test", endpoints.Split(' ')).Endpoints;
        foreach (var (i, weight) in weights.Split(' ').Index())
        {
            set[i].Weight = int.Parse(weight);
        }

        var keys = Enumerable.Range(0, owners.Length).Select(i => $"user-{i}");
        Assert.Equal(owners, string.Concat(keys.Select(key => OwnerOf(set, key))));
    }

    /// <summary>What NGINX (<c>hash $request_uri consistent</c>), and Pingora after it, are known to answer.</summary>
    [Theory]
    [InlineData("/some/path", 1)]
    [InlineData("/some/longer/path", 0)]
    [InlineData("/sad/zaidoon", 1)]
    [InlineData("/g", 0)]
    public void The_ring_gives_the_answers_of_NGINX(string key, int owner) =>
        Assert.Equal(owner, OwnerOf(new TestCluster("test", "127.0.0.1:7777", "127.0.0.1:7778").Endpoints, key));

    [Fact]
    public void A_request_without_the_key_goes_anywhere()
    {
        var set = Balancers.SetOf(1, 1);
        var picker = new Maglev(new HashOptions { Key = Template.Parse("%REQ(x-user)%") }).Build(set, null);
        using var exchange = TestExchange.Get("/");
        var seen = Enumerable.Range(0, 200).Select(_ => picker.Pick(new PickContext(Exchange: exchange))).Distinct();
        Assert.Equal(2, seen.Count());
    }

    [Fact]
    public void Every_endpoint_of_ten_thousand_has_its_part_of_a_table()
    {
        var set = Balancers.SetOf(10_000);
        var table = new MaglevTable(set);
        var seen = new HashSet<Endpoint>();
        for (var i = 0; i < 200_000; i++)
        {
            seen.Add(table.Find(StableHash.Mix((ulong)i), default)!);
        }

        Assert.Equal(10_000, seen.Count);
    }

    private static int OwnerOf(EndpointSet set, string key)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-key", key);
        var picker = new ConsistentHash(new HashOptions { Key = Template.Parse("%REQ(x-key)%") }).Build(set, null);
        return Array.IndexOf(set.Span.ToArray(), picker.Pick(new PickContext(Exchange: exchange)));
    }
}
