using System.Globalization;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What a server answers, as the header fields of its reply.</summary>
internal static class WelcomeText
{
    public static IEnumerable<(string Name, string Value)> Write(TunnelWelcome welcome) =>
    [
        (Fields.Version, Number(TunnelHello.CurrentVersion)),
        (Fields.Session, welcome.SessionId),
        (Fields.Capabilities, Names.Of(welcome.Capabilities)),
        (Fields.PingInterval, Number((long)welcome.PingInterval.TotalMilliseconds)),
        (Fields.PingTimeout, Number((long)welcome.PingTimeout.TotalMilliseconds)),
        (Fields.MaxStreams, Number(welcome.MaxStreams)),
        .. welcome.Services.Select(service => (Fields.Service, ServiceText.Write(service))),
    ];

    /// <summary>Reads it; null where it is none of this program's version.</summary>
    public static TunnelWelcome? Read(HandshakeHead head)
    {
        var isOnce = head.TryGetOne(Fields.Version, out var version) & head.TryGetOne(Fields.Session, out var session) & head.TryGetOne(Fields.Capabilities, out var capabilities);
        return isOnce && version == Number(TunnelHello.CurrentVersion) && session is not null && SessionId.IsFit(session) && capabilities is not null
            && TryTime(head, Fields.PingInterval, out var interval) && TryTime(head, Fields.PingTimeout, out var timeout)
            && TryNumber(head, Fields.MaxStreams, out var streams) && streams > 0
            ? new TunnelWelcome(session, interval, timeout, streams) { Capabilities = Names.Capabilities(capabilities), Services = [.. head.Values(Fields.Service).Select(Service).OfType<TunnelService>()] }
            : null;
    }

    private static TunnelService? Service(string text) => ServiceText.TryRead(text, out var service, out _) ? service : null;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool TryTime(HandshakeHead head, string name, out TimeSpan time)
    {
        var isTime = TryNumber(head, name, out var milliseconds);
        time = TimeSpan.FromMilliseconds(milliseconds);
        return isTime;
    }

    private static bool TryNumber(HandshakeHead head, string name, out int number)
    {
        number = 0;
        return head.TryGetOne(name, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
