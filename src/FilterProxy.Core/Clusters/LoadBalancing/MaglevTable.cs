using System.Text;

namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// A table of hashes to endpoints, filled as in "Maglev: A Fast and Reliable Software Network Load Balancer" (section 3.4): each endpoint
/// takes the next free place of its own order, in turn, as often as its weight says. At least a hundred places per endpoint.
/// </summary>
internal sealed class MaglevTable
{
    // Primes, so that every order visits every place.
    private static readonly int[] s_sizes = [65_537, 655_373, 5_000_011];

    // Places in which any but the rarest endpoint is found, as their order is anything.
    private const int Near = 4096;

    private readonly Shares _shares;
    private readonly int[] _owners;

    public MaglevTable(EndpointSet set)
    {
        _shares = new Shares(set);
        _owners = _shares.Count == 0 ? [] : Fill(_shares);
    }

    /// <summary>The endpoint of a hash; the next in the table where that was tried. Null when all were, or there is none.</summary>
    public Endpoint? Find(ulong hash, in PickContext context)
    {
        if (_owners.Length == 0)
        {
            return null;
        }

        var place = (int)(hash % (uint)_owners.Length);
        if (context.Tried is null)
        {
            return _shares[_owners[place]];
        }

        for (var i = 0; i < _owners.Length; i++)
        {
            var endpoint = _shares[_owners[(place + i) % _owners.Length]];
            if (!context.WasTried(endpoint))
            {
                return endpoint;
            }
        }

        return null;
    }

    /// <summary>The first endpoint in the table from a hash on that is healthy; null where none is near.</summary>
    public Endpoint? FindHealthy(ulong hash)
    {
        for (ulong i = 0; i < (ulong)Math.Min(_owners.Length, Near); i++)
        {
            if (_shares[_owners[(int)((hash + i) % (uint)_owners.Length)]] is { IsHealthy: true } endpoint)
            {
                return endpoint;
            }
        }

        return null;
    }

    private static int[] Fill(Shares shares)
    {
        var size = s_sizes.FirstOrDefault(prime => prime >= 100L * shares.Count, s_sizes[^1]);
        var owners = new int[size];
        Array.Fill(owners, -1);
        var next = new int[shares.Count];
        var skip = new int[shares.Count];
        var due = new double[shares.Count];
        var heaviest = 0L;
        for (var i = 0; i < shares.Count; i++)
        {
            // Two hashes that know nothing of each other.
            var hash = StableHash.Of(Encoding.UTF8.GetBytes(shares[i].Name));
            next[i] = (int)(hash % (uint)size);
            skip[i] = (int)(StableHash.Mix(hash + 0x9E3779B97F4A7C15) % (uint)(size - 1)) + 1;
            heaviest = Math.Max(heaviest, shares.WeightOf(i));
        }

        var free = size;
        while (free > 0)
        {
            for (var i = 0; i < shares.Count && free > 0; i++)
            {
                // The heaviest takes a place every round, the others as often as their part of it says.
                due[i] += shares.WeightOf(i) / (double)heaviest;
                if (due[i] < 1)
                {
                    continue;
                }

                due[i]--;
                while (owners[next[i]] >= 0)
                {
                    next[i] = (next[i] + skip[i]) % size;
                }

                owners[next[i]] = i;
                free--;
            }
        }

        return owners;
    }
}
