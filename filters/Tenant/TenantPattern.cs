using System.Text;

namespace FilterProxy.Filters.Tenant;

/// <summary>A text with a tenant's name in it.</summary>
internal sealed class TenantPattern
{
    private readonly byte[] _before;
    private readonly byte[] _after;

    private TenantPattern(string before, string after) => (_before, _after) = (Encoding.ASCII.GetBytes(before), Encoding.ASCII.GetBytes(after));

    /// <summary>Of a host, <c>{tenant}.example.com</c>.</summary>
    public static TenantPattern OfHost(string text) => new(text.Split("{tenant}")[0], text.Split("{tenant}")[1]);

    /// <summary>Of a path, <c>/t/{tenant}/*</c>: its beginning.</summary>
    public static TenantPattern OfPath(string text) => new(text.Split("{tenant}")[0], "");

    /// <summary>The name in a host; empty where the host does not fit.</summary>
    public ReadOnlySpan<byte> InHost(ReadOnlySpan<byte> host) =>
        host.Length > _before.Length + _after.Length && Ascii.EqualsIgnoreCase(host[.._before.Length], _before) && Ascii.EqualsIgnoreCase(host[^_after.Length..], _after)
            ? host[_before.Length..^_after.Length]
            : default;

    /// <summary>The name in a path, and what follows it.</summary>
    public ReadOnlySpan<byte> InPath(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        if (!path.StartsWith(_before))
        {
            return default;
        }

        var name = path[_before.Length..];
        var end = name.IndexOf((byte)'/');
        rest = end < 0 ? "/"u8 : name[end..];
        return end < 0 ? name : name[..end];
    }
}
