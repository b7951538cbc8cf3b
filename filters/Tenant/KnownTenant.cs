using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Tenant;

/// <summary>A tenant, ready to be compared with.</summary>
internal sealed class KnownTenant(string name, TenantEntryOptions options)
{
    private readonly byte[][] _hosts = [.. options.Hosts.Select(Encoding.ASCII.GetBytes)];
    private readonly PathRule[] _paths = [.. options.Paths.Select(PathRule.Parse)];

    public string Name => name;

    public byte[] NameBytes { get; } = Encoding.ASCII.GetBytes(name);

    public IReadOnlyList<string> Issuers => options.Issuers;

    public string? Cluster => options.Cluster;

    public bool HasHost(ReadOnlySpan<byte> host)
    {
        foreach (var own in _hosts)
        {
            if (Ascii.EqualsIgnoreCase(host, own))
            {
                return true;
            }
        }

        return false;
    }

    public bool HasPath(ReadOnlySpan<byte> path)
    {
        foreach (var own in _paths)
        {
            if (own.Matches(path))
            {
                return true;
            }
        }

        return false;
    }
}
