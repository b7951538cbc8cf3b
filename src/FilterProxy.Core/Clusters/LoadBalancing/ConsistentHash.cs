using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// The same key to the same endpoint, on a ring with 160 points per unit of weight (ketama): when one of N endpoints leaves, the keys it had
/// move, and no others. Time grows with the logarithm of the number of points.
/// </summary>
/// <remarks>
/// Points and keys are where Pingora, NGINX (<c>hash … consistent</c>) and memcached clients have them for endpoints that are IP addresses, so
/// that proxies of several kinds may stand beside each other. Weights of more than 10 per endpoint on average are reduced, by their greatest
/// common divisor and to 1,600 points per endpoint.
/// </remarks>
[Component("consistent_hash")]
internal sealed class ConsistentHash(HashOptions options) : ILoadBalancer
{
    private const int PointsPerWeight = 160;
    private const long MostUnits = 10;
    private readonly HashKey _key = new(options.Key);

    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(set, _key);

    private sealed class Picker : IEndpointPicker
    {
        private readonly HashKey _key;
        private readonly Shares _shares;
        private readonly uint[] _points;
        private readonly int[] _owners;

        public Picker(EndpointSet set, HashKey key)
        {
            _key = key;
            _shares = new Shares(set);
            var units = UnitsOf(_shares);
            var total = units.Sum() * PointsPerWeight;
            _points = new uint[total];
            _owners = new int[total];
            var at = 0;
            for (var i = 0; i < units.Length; i++)
            {
                at = Place(i, units[i] * PointsPerWeight, at);
            }

            // Of two at one point the first endpoint has it, whatever order the sort leaves them in.
            Array.Sort(_points, _owners);
            for (var i = 1; i < total; i++)
            {
                _owners[i] = _points[i] == _points[i - 1] ? Math.Min(_owners[i], _owners[i - 1]) : _owners[i];
            }

            for (var i = (int)total - 2; i >= 0; i--)
            {
                _owners[i] = _points[i] == _points[i + 1] ? _owners[i + 1] : _owners[i];
            }
        }

        public Endpoint? Pick(in PickContext context)
        {
            if (_points.Length == 0)
            {
                return null;
            }

            var place = Array.BinarySearch(_points, _key.Crc32Of(context));
            place = place < 0 ? ~place : place;
            for (var i = 0; i < _points.Length; i++)
            {
                var endpoint = _shares[_owners[(place + i) % _points.Length]];
                if (!context.WasTried(endpoint))
                {
                    return endpoint;
                }
            }

            return null;
        }

        private int Place(int endpoint, long count, int at)
        {
            var seed = StableHash.Crc32(NameOf(_shares[endpoint]));
            Span<byte> previous = stackalloc byte[4];
            uint hash = 0;
            for (var k = 0; k < count; k++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(previous, hash);
                hash = StableHash.Crc32(previous, seed);
                (_points[at], _owners[at]) = (hash, endpoint);
                at++;
            }

            return at;
        }

        private static byte[] NameOf(Endpoint endpoint) => endpoint.Address switch
        {
            IPEndPoint ip => Encoding.ASCII.GetBytes($"{ip.Address}\0{ip.Port}"),
            DnsEndPoint dns => Encoding.ASCII.GetBytes($"{dns.Host}\0{dns.Port}"),
            _ => Encoding.UTF8.GetBytes(endpoint.Name),
        };

        private static long[] UnitsOf(Shares shares)
        {
            var divisor = 0L;
            var total = 0L;
            for (var i = 0; i < shares.Count; i++)
            {
                divisor = Gcd(divisor, shares.WeightOf(i));
                total += shares.WeightOf(i);
            }

            var most = MostUnits * Math.Max(1, shares.Count);
            var unit = total <= most ? 1 : Math.Max(divisor, total / (double)most);
            return [.. Enumerable.Range(0, shares.Count).Select(i => Math.Max(1, (long)Math.Round(shares.WeightOf(i) / unit)))];
        }

        private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
    }
}
