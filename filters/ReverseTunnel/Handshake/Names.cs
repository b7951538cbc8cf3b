using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>How kinds, types and capabilities are written.</summary>
internal static class Names
{
    public static string Of(TunnelServiceType type) => type switch
    {
        TunnelServiceType.Http => "http",
        TunnelServiceType.Https => "https",
        TunnelServiceType.Udp => "udp",
        TunnelServiceType.Stcp => "stcp",
        TunnelServiceType.Sudp => "sudp",
        TunnelServiceType.Xtcp => "xtcp",
        _ => "tcp",
    };

    public static bool TryType(string text, [NotNullWhen(true)] out TunnelServiceType? type)
    {
        type = Enum.GetValues<TunnelServiceType>().Where(known => Of(known) == text).Select(known => (TunnelServiceType?)known).FirstOrDefault();
        return type is not null;
    }

    public static string Of(TunnelCapabilities capabilities) => string.Join(',', Each(capabilities).Select(Of1));

    /// <summary>Reads <c>http,tcp</c>; what is unknown is left out: an agent of a later version may be able to do more.</summary>
    public static TunnelCapabilities Capabilities(string text)
    {
        var found = text.Split(',', StringSplitOptions.TrimEntries);
        return Each(All).Where(known => found.Contains(Of1(known), StringComparer.Ordinal)).Aggregate(TunnelCapabilities.None, (sum, known) => sum | known);
    }

    public static string Of(TunnelKind kind) => kind switch
    {
        TunnelKind.Work => "work",
        TunnelKind.Visit => "visit",
        _ => "streams",
    };

    public const TunnelCapabilities All = TunnelCapabilities.Http | TunnelCapabilities.Grpc | TunnelCapabilities.Ws | TunnelCapabilities.Tcp | TunnelCapabilities.Udp;

    private static IEnumerable<TunnelCapabilities> Each(TunnelCapabilities capabilities) =>
        Enum.GetValues<TunnelCapabilities>().Where(known => known != TunnelCapabilities.None && capabilities.HasFlag(known));

    private static string Of1(TunnelCapabilities one) => one switch
    {
        TunnelCapabilities.Http => "http",
        TunnelCapabilities.Grpc => "grpc",
        TunnelCapabilities.Ws => "ws",
        TunnelCapabilities.Tcp => "tcp",
        _ => "udp",
    };
}
