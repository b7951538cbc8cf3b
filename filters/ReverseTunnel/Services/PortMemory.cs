using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Which ports services of the server's choice had: a service that comes back within a day has its port again, and nobody else is given it.</summary>
internal sealed class PortMemory
{
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);
    private const int Most = 10_000;
    private const int MostTries = 256;

    private readonly Dictionary<ServiceOwner, (int Port, DateTimeOffset Until)> _ports = [];

    /// <summary>Ports a service may be given, the one it had first, then others of those its rule allows, from any one on.</summary>
    public IEnumerable<int> CandidatesFor(ServiceOwner owner, IReadOnlyList<PortRange> allowed, DateTimeOffset now)
    {
        foreach (var over in _ports.Where(known => known.Value.Until < now).Select(known => known.Key).ToList())
        {
            _ports.Remove(over);
        }

        var others = _ports.Where(known => known.Key != owner).Select(known => known.Value.Port).ToHashSet();
        int[] first = _ports.TryGetValue(owner, out var had) && allowed.Any(range => range.Contains(had.Port)) ? [had.Port] : [];
        var count = allowed.Sum(range => range.Last - range.First + 1);
        var start = count == 0 ? 0 : Random.Shared.Next(count);
        return first.Concat(Enumerable.Range(0, count).Select(i => At(allowed, (start + i) % count)).Where(port => !others.Contains(port)).Take(MostTries));
    }

    public void Remember(ServiceOwner owner, int port, DateTimeOffset now)
    {
        if (_ports.Count < Most || _ports.ContainsKey(owner))
        {
            _ports[owner] = (port, now + Kept);
        }
    }

    private static int At(IReadOnlyList<PortRange> ranges, int index)
    {
        foreach (var range in ranges)
        {
            var count = range.Last - range.First + 1;
            if (index < count)
            {
                return range.First + index;
            }

            index -= count;
        }

        throw new ArgumentOutOfRangeException(nameof(index));
    }
}
