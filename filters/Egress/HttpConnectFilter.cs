using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Egress;

/// <summary>Serves HTTP CONNECT (RFC 9110 §9.3.6) as a forward proxy does: clients say where they want to go, and are relayed there where they may.</summary>
[Component("http_connect")]
public sealed class HttpConnectFilter : EgressFilter
{
    private const int LargestHead = 16 * 1024;
    private static readonly byte[] Established = "HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray();

    /// <summary>Creates one.</summary>
    public HttpConnectFilter(EgressOptions options, ComponentContext context)
        : base("http_connect", options, context)
    {
    }

    private protected override async ValueTask<EgressRequest> AskAsync(ConnectionContext connection, Handshake handshake)
    {
        ConnectRequest? request = null;
        if (!await handshake.ReadAsync(received => ConnectRequest.Read(received, LargestHead, out request)))
        {
            return EgressRequest.Unfinished;
        }

        if (request!.Status != 200)
        {
            return Decline(request.Status, request.Status == 405 ? "method_not_allowed" : "bad_request");
        }

        return !Users.AreAsked || (request.Credentials is { } credentials && IsKnown(credentials))
            ? new EgressRequest(request.Destination, "")
            : Decline(407, "bad_credentials");
    }

    private protected override byte[] AnswerTo(EgressError error) => error switch
    {
        EgressError.None => Established,
        EgressError.Denied => Write(403, EgressWay.ReasonOf(error)),
        EgressError.NoFreePort or EgressError.TooManyOpenFiles => Write(503, EgressWay.ReasonOf(error)),
        EgressError.Timeout => Write(504, EgressWay.ReasonOf(error)),
        _ => Write(502, EgressWay.ReasonOf(error)),
    };

    private static EgressRequest Decline(int status, string reason) => new(null, reason, Write(status, reason));

    private static byte[] Write(int status, string reason)
    {
        var body = $"{reason}\n";
        var challenge = status switch
        {
            407 => "Proxy-Authenticate: Basic realm=\"proxy\", charset=\"UTF-8\"\r\n",
            405 => "Allow: CONNECT\r\n",
            _ => "",
        };
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {PhraseOf(status)}\r\n{challenge}Content-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
    }

    private static string PhraseOf(int status) => status switch
    {
        403 => "Forbidden",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Bad Request",
    };

    private bool IsKnown(byte[] credentials)
    {
        var colon = Array.IndexOf(credentials, (byte)':');
        return colon > 0 && Users.Know(credentials.AsSpan(0, colon), credentials.AsSpan(colon + 1));
    }
}
