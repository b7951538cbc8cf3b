using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>
/// What filters tell of a connection for its log: a feature of the connection, there where the listener has an
/// <see cref="IConnectionLoggingFilter"/>.
/// </summary>
public sealed class ConnectionReport
{
    /// <summary>The listener's name in the configuration.</summary>
    public string Listener { get; init; } = "";

    /// <summary>A stable lower_snake_case code for what ended the connection; null as long as nobody said. The last one that says so counts.</summary>
    public string? Reason { get; set; }

    /// <summary>Where it was relayed to; null for nowhere.</summary>
    public Cluster? Cluster { get; set; }

    /// <summary>The endpoint it was relayed to, or the last that was tried; null for none.</summary>
    public Endpoint? Endpoint { get; set; }

    /// <summary>The destination a client asked for by name, where it is neither (<c>socks5</c>, <c>http_connect</c>); null for none.</summary>
    public string? Destination { get; set; }

    /// <summary>Notes what ended a connection, where that is logged.</summary>
    public static void End(ConnectionContext connection, string reason)
    {
        if (connection.Features.Get<ConnectionReport>() is { } report)
        {
            report.Reason = reason;
        }
    }
}
