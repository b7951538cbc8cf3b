using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Every reason code the engine gives an exchange: stable lower_snake_case words in logs, metrics, the text of a reply and a field of it.
/// What operators do about each: docs/operations/troubleshooting.md.
/// </summary>
internal static class ReasonCodes
{
    /// <summary>The upstream's own response.</summary>
    public const string ViaUpstream = "via_upstream";

    /// <summary>The client left before there was a response.</summary>
    public const string ClientClosed = "client_closed";

    /// <summary>A route's redirect.</summary>
    public const string RouteRedirect = "route_redirect";

    /// <summary>A route's fixed response.</summary>
    public const string RouteRespond = "route_respond";

    /// <summary>Plain HTTP on a port that speaks TLS. Never reaches an exchange.</summary>
    public const string PlainHttp = "plain_http";

    /// <summary>All of them. Those of filters are theirs.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Enum.GetValues<ProxyErrorKind>().Where(kind => kind != ProxyErrorKind.None).Select(kind => LocalReplies.ReasonOf(new ProxyError(kind, default, false)))
            .Concat(Enum.GetValues<Limit>().Select(Limits.ReasonOf).Where(reason => reason.Length > 0))
            .Concat([ViaUpstream, ClientClosed, RouteRedirect, RouteRespond, PlainHttp])
            .Distinct().Order(StringComparer.Ordinal),
    ];
}
