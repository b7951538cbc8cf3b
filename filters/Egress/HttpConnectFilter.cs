using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Egress;

/// <summary>Serves HTTP CONNECT (RFC 9110 §9.3.6) as a forward proxy does: clients say where they want to go, and are relayed there where they may.</summary>
[Component("http_connect")]
public sealed class HttpConnectFilter : IConnectionFilter
{
    private const int LargestHead = 16 * 1024;
    private readonly EgressOptions _options;
    private readonly TimeProvider _time;
    private readonly EgressWay _way;
    private readonly EgressUsers _users;

    /// <summary>Creates one.</summary>
    public HttpConnectFilter(EgressOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _time) = (options, context.Time);
        _way = new EgressWay("http_connect", options, context);
        _users = new EgressUsers(options.Users);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ConnectRequest? request = null;
        using (var handshake = new Handshake(connection.Transport.Input, _time, _options.HandshakeTimeout))
        {
            var isRead = await handshake.ReadAsync(received => ConnectRequest.Read(received, LargestHead, out request));
            var isInTime = handshake.TryEnd();
            if (!isInTime || !isRead)
            {
                _way.GiveUp(connection, isInTime ? "client_closed" : "handshake_timeout");
                connection.Abort(new ConnectionAbortedException("No CONNECT request."));
                return;
            }
        }

        if (request!.Status != 200)
        {
            await RefuseAsync(connection, request.Status, request.Status == 405 ? "method_not_allowed" : "bad_request");
            return;
        }

        if (_users.AreAsked && !(request.Credentials is { } credentials && IsKnown(credentials)))
        {
            await RefuseAsync(connection, 407, "bad_credentials");
            return;
        }

        var (upstream, error) = await _way.OpenAsync(connection, request.Destination!);
        if (upstream is null)
        {
            var status = error switch { EgressError.Denied => 403, EgressError.Timeout => 504, _ => 502 };
            await RefuseAsync(connection, status, EgressWay.ReasonOf(error), request.Destination);
            return;
        }

        await using (upstream)
        {
            await connection.Transport.Output.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray());
            await _way.RelayAsync(connection, upstream);
        }
    }

    private bool IsKnown(byte[] credentials)
    {
        var colon = Array.IndexOf(credentials, (byte)':');
        return colon > 0 && _users.Know(credentials.AsSpan(0, colon), credentials.AsSpan(colon + 1));
    }

    private async Task RefuseAsync(ConnectionContext connection, int status, string reason, Destination? destination = null)
    {
        _way.GiveUp(connection, reason, destination);
        var body = $"{reason}\n";
        var challenge = status switch
        {
            407 => "Proxy-Authenticate: Basic realm=\"proxy\", charset=\"UTF-8\"\r\n",
            405 => "Allow: CONNECT\r\n",
            _ => "",
        };
        await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {PhraseOf(status)}\r\n{challenge}Content-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}")));
    }

    private static string PhraseOf(int status) => status switch
    {
        403 => "Forbidden",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        504 => "Gateway Timeout",
        _ => "Bad Request",
    };
}
