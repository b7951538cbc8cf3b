using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.Tenant;

/// <summary>
/// Names of tenants: lower-case letters, digits, hyphens and underscores. Nothing else passes, so that none is two things to two readers: a name goes into headers,
/// keys of limits and caches.
/// </summary>
internal static class TenantName
{
    private const int Longest = 63;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    public static bool IsName(ReadOnlySpan<byte> name) => name.Length is > 0 and <= Longest && !name.ContainsAnyExcept(Allowed);

    public static bool IsName(string name) => IsName(Encoding.UTF8.GetBytes(name));
}
