using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.HostAccess;

/// <summary>Hosts by name, by the domain they are below, and by expression.</summary>
internal sealed class HostList
{
    private readonly HashSet<string> _exact = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly string[] _domains;
    private readonly ByteRegex[] _expressions;

    /// <exception cref="ArgumentException">One is no host, or no expression.</exception>
    public HostList(IEnumerable<string> hosts, IEnumerable<string> expressions)
    {
        var all = hosts.ToList();
        foreach (var host in all)
        {
            var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
            if (Uri.CheckHostName(name.Trim('[', ']')) == UriHostNameType.Unknown || name.Any(c => char.IsAsciiLetterUpper(c) || c > '~'))
            {
                throw new ArgumentException($"'{host}' is no host like 'example.com' or '*.example.com', in lower case and without a port");
            }
        }

        _exact.UnionWith(all.Where(host => host[0] != '*'));
        _lookup = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _domains = [.. all.Where(host => host[0] == '*').Select(host => host[1..])];
        _expressions = [.. expressions.Select(pattern => ByteRegex.Parse(pattern, whole: true))];
        IsEmpty = all.Count == 0 && _expressions.Length == 0;
    }

    public bool IsEmpty { get; }

    /// <param name="host">In lower case, without port and final dot.</param>
    public bool Contains(ReadOnlySpan<char> host)
    {
        if (_lookup.Contains(host))
        {
            return true;
        }

        foreach (var domain in _domains)
        {
            if (host.Length > domain.Length && host.EndsWith(domain, StringComparison.Ordinal))
            {
                return true;
            }
        }

        if (_expressions.Length > 0)
        {
            Span<byte> bytes = stackalloc byte[host.Length];
            Encoding.Latin1.GetBytes(host, bytes);
            foreach (var expression in _expressions)
            {
                if (expression.IsMatch(bytes))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
