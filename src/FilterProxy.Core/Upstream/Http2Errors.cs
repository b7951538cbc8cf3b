using System.Security.Authentication;

namespace FilterProxy.Core.Upstream;

/// <summary>What an exception of the framework's client means.</summary>
internal static class Http2Errors
{
    private const long NoError = 0, InternalError = 2, RefusedStream = 7, Cancel = 8, EnhanceYourCalm = 11, Http11Required = 13;

    /// <summary>Its error, as that of an attempt.</summary>
    /// <param name="exception">Of sending the request, or of reading the response.</param>
    /// <param name="refused">Whether the upstream says it did nothing with the request (RFC 9113 §8.7).</param>
    public static ProxyError Of(Exception exception, out bool refused)
    {
        refused = false;
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case UpstreamException upstream:
                    return upstream.Error;

                case HttpProtocolException protocol when protocol.Message.Contains("KeepAlivePing", StringComparison.Ordinal):
                    // Only its text tells a PING without an answer from what an upstream says: the option it names.
                    return ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, retryable: true, "ping_timeout", exception);

                case HttpProtocolException protocol:
                    // GOAWAY without an error comes up only for streams beyond those the upstream still serves.
                    refused = protocol.ErrorCode is RefusedStream or NoError or Http11Required;
                    return OfCode(protocol.ErrorCode, exception);

                case ObjectDisposedException:
                    refused = true;
                    return ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "pool_closed", exception);

                case AuthenticationException:
                    return ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "tls_failed", exception);
            }
        }

        return (exception as HttpRequestException)?.HttpRequestError switch
        {
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError =>
                ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "connect_failed", exception),
            HttpRequestError.VersionNegotiationError =>
                ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "http2_not_negotiated", exception),
            HttpRequestError.ConfigurationLimitExceeded =>
                ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "response_head_too_large", cause: exception),
            HttpRequestError.InvalidResponse => ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "bad_header", cause: exception),
            HttpRequestError.ExtendedConnectNotSupported =>
                ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "websocket_not_supported", cause: exception),
            _ => ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, retryable: true, "closed_before_head", exception),
        };
    }

    private static ProxyError OfCode(long code, Exception cause) => code switch
    {
        RefusedStream => ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, retryable: true, "stream_refused", cause),
        NoError => ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, retryable: true, "goaway", cause),
        Http11Required => ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, retryable: true, "http_1_1_required", cause),
        Cancel => ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, detail: "stream_canceled", cause: cause),
        InternalError => ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, detail: "stream_internal_error", cause: cause),
        EnhanceYourCalm => ProxyError.Upstream(ProxyErrorKind.Overloaded, detail: "enhance_your_calm", cause: cause),
        _ => ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "http2_protocol_error", cause: cause),
    };
}
