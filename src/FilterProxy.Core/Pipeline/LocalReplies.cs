using System.Text;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// What the client is told when the engine answers itself: the one place where an error becomes a status. What gRPC clients get for it:
/// <see cref="GrpcReplies"/>.
/// </summary>
internal static class LocalReplies
{
    /// <summary>The content type of what the engine says itself.</summary>
    public const string TextType = "text/plain; charset=utf-8";

    private static readonly Entry[] Entries = Build();
    private static readonly byte[]?[] LimitBodies = new byte[]?[Enum.GetValues<Limit>().Length];

    /// <summary>Turns the exchange's error into its reply.</summary>
    public static void Write(ProxyExchange x)
    {
        var entry = Entries[(int)x.Error.Kind];
        var limit = Limits.Of(x.Error);
        x.Stats.Flags |= (Limits.IsOverload(limit) ? ResponseFlags.OverloadManager : entry.Flag) | ResponseFlags.LocalReply;
        var reason = Limits.ReasonOf(limit);
        if (reason.Length == 0 || reason == entry.Reason)
        {
            x.Reply(entry.Status, entry.Reason, entry.Body, TextType);
        }
        else
        {
            x.Reply(entry.Status, reason, LimitBodies[(int)limit] ??= BodyOf(entry.Text, reason), TextType);
        }

        if (Limits.IsOverload(limit))
        {
            x.Response.Headers.Set("retry-after"u8, x.Services.Load.Rules.RetryAfter);
        }

        if (x.Error.Kind == ProxyErrorKind.MethodNotAllowed)
        {
            // RFC 9110 §15.5.6: a 405 says what is allowed.
            x.Response.Headers.Set("allow"u8, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"u8);
        }
    }

    /// <summary>The stable reason code of an error: that of the limit behind it, else that of its kind.</summary>
    public static string ReasonOf(in ProxyError error) =>
        Limits.ReasonOf(Limits.Of(error)) is { Length: > 0 } reason ? reason : Entries[(int)error.Kind].Reason;

    /// <summary>The status a kind is answered with.</summary>
    public static int StatusOf(ProxyErrorKind kind) => Entries[(int)kind].Status;

    /// <summary>The response flag of a kind.</summary>
    public static ResponseFlags FlagOf(ProxyErrorKind kind) => Entries[(int)kind].Flag;

    /// <summary>
    /// Whether the connection cannot be trusted to stand at a message boundary after this error: it closes once answered.
    /// </summary>
    public static bool BreaksFraming(this in ProxyError error) =>
        error.Source == ErrorSource.Downstream && error.Kind is not (ProxyErrorKind.None or ProxyErrorKind.NoRoute);

    private static Entry[] Build()
    {
        var entries = new Entry[Enum.GetValues<ProxyErrorKind>().Length];
        void Add(ProxyErrorKind kind, int status, string reason, string text, ResponseFlags flag) =>
            entries[(int)kind] = new Entry(status, reason, text, BodyOf(text, reason), flag);

        Add(ProxyErrorKind.None, 500, "none", "Internal error", ResponseFlags.None);
        Add(ProxyErrorKind.BadRequest, 400, "bad_request", "Bad request", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.UriTooLong, 414, "uri_too_long", "Request target too long", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.HeadTooLarge, 431, "head_too_large", "Request header fields too large", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.BodyTooLarge, 413, "body_too_large", "Request body too large", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.RequestTimeout, 408, "request_timeout", "Request not received in time", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.MethodNotAllowed, 405, "method_not_allowed", "Method not allowed", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.NotImplemented, 501, "not_implemented", "Not implemented", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.VersionNotSupported, 505, "version_not_supported", "HTTP version not supported", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.ExpectationFailed, 417, "expectation_failed", "Expectation failed", ResponseFlags.DownstreamProtocolError);
        Add(ProxyErrorKind.NoRoute, 404, "no_route", "Not found", ResponseFlags.NoRouteFound);
        Add(ProxyErrorKind.NoEndpoint, 503, "no_endpoint", "No endpoint available", ResponseFlags.NoHealthyUpstream);
        Add(ProxyErrorKind.Overloaded, 503, "overloaded", "Overloaded", ResponseFlags.UpstreamOverflow);
        Add(ProxyErrorKind.ConnectFailed, 502, "connect_failed", "Upstream could not be reached", ResponseFlags.UpstreamConnectionFailure);
        Add(ProxyErrorKind.ConnectTimeout, 504, "connect_timeout", "Upstream could not be reached in time", ResponseFlags.UpstreamConnectionFailure);
        Add(ProxyErrorKind.UpstreamClosed, 502, "upstream_closed", "Upstream closed the connection", ResponseFlags.UpstreamConnectionTermination);
        Add(ProxyErrorKind.UpstreamTimeout, 504, "upstream_timeout", "Upstream did not answer in time", ResponseFlags.UpstreamRequestTimeout);
        Add(ProxyErrorKind.BadResponse, 502, "bad_response", "Upstream sent an invalid response", ResponseFlags.UpstreamProtocolError);
        Add(ProxyErrorKind.UpstreamBodyFailed, 502, "upstream_body_failed", "Upstream's response broke off", ResponseFlags.UpstreamConnectionTermination);
        Add(ProxyErrorKind.RouteTimeout, 504, "route_timeout", "Request took too long", ResponseFlags.DurationTimeout);
        Add(ProxyErrorKind.DownstreamClosed, 499, ReasonCodes.ClientClosed, "Client closed the connection", ResponseFlags.DownstreamConnectionTermination);
        Add(ProxyErrorKind.FilterFailed, 500, "filter_failed", "Internal error", ResponseFlags.None);
        Add(ProxyErrorKind.CircuitOpen, 503, "circuit_open", "Service is recovering", ResponseFlags.UpstreamOverflow);
        Add(ProxyErrorKind.Internal, 500, "internal_error", "Internal error", ResponseFlags.None);
        return entries;
    }

    private static byte[] BodyOf(string text, string reason) => Encoding.UTF8.GetBytes($"{text} ({reason})\n");

    private sealed record Entry(int Status, string Reason, string Text, byte[] Body, ResponseFlags Flag);
}
