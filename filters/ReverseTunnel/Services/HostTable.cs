using System.Collections.Concurrent;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Finds who serves a host name and a path. Changed by one at a time, read by many; a look-up allocates nothing.</summary>
internal sealed class HostTable
{
    private const int LongestHost = 253;

    private readonly ConcurrentDictionary<string, (byte[] Path, ServiceClaim Claim)[]> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, (byte[] Path, ServiceClaim Claim)[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public HostTable() => _lookup = _hosts.GetAlternateLookup<ReadOnlySpan<char>>();

    public void Add(string host, string path, ServiceClaim claim) =>
        _hosts[host] = [.. _hosts.GetValueOrDefault(host, []).Append((Encoding.ASCII.GetBytes(path), claim)).OrderByDescending(known => known.Item1.Length)];

    public void Remove(string host, ServiceClaim claim)
    {
        if (_hosts.GetValueOrDefault(host, []).Where(known => known.Claim != claim).ToArray() is { Length: > 0 } rest)
        {
            _hosts[host] = rest;
        }
        else
        {
            _hosts.TryRemove(host, out _);
        }
    }

    /// <summary>Who serves it: the name itself goes before <c>*.</c> and a longer one before a shorter, a longer path before a shorter.</summary>
    public ServiceClaim? Find(ReadOnlySpan<byte> host, ReadOnlySpan<byte> path)
    {
        if (host.Length is 0 or > LongestHost)
        {
            return null;
        }

        Span<char> name = stackalloc char[1 + LongestHost];
        name = name[..(1 + Encoding.Latin1.GetChars(host, name[1..]))];
        var found = Find(name[1..], path);
        for (var dot = NextDot(name, 0); found is null && dot > 1; dot = NextDot(name, dot))
        {
            // What stands before the dot is not needed any more: there is room for the star.
            name[dot - 1] = '*';
            found = Find(name[(dot - 1)..], path);
        }

        return found;
    }

    private static int NextDot(ReadOnlySpan<char> name, int after) => name[(after + 1)..].IndexOf('.') is >= 0 and var next ? after + 1 + next : -1;

    private ServiceClaim? Find(ReadOnlySpan<char> name, ReadOnlySpan<byte> path)
    {
        foreach (var (prefix, claim) in _lookup.TryGetValue(name, out var claims) ? claims : [])
        {
            if (path.StartsWith(prefix) && (path.Length == prefix.Length || prefix.Length == 0 || prefix[^1] == '/' || path[prefix.Length] == '/'))
            {
                return claim;
            }
        }

        return null;
    }
}
