using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Where a syslog receiver is, and how it is spoken to.</summary>
internal sealed record SyslogAddress(SyslogTransport Transport, EndPoint EndPoint)
{
    public static bool TryParse(string text, out SyslogAddress? address, out string error)
    {
        address = null;
        error = "";
        if (text.StartsWith("unix:/", StringComparison.Ordinal) && text.Length is > 6 and < 110)
        {
            address = new SyslogAddress(SyslogTransport.Unix, new UnixDomainSocketEndPoint(text["unix:".Length..]));
        }
        else if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "udp" or "tcp" && uri.Port > 0 && uri.PathAndQuery is "" or "/")
        {
            address = new SyslogAddress(uri!.Scheme == "udp" ? SyslogTransport.Udp : SyslogTransport.Tcp, new DnsEndPoint(uri.IdnHost.Trim('[', ']'), uri.Port));
        }
        else
        {
            error = $"'{text}' is no address of a syslog receiver; write udp://host:514, tcp://host:601 or unix:/dev/log";
        }

        return address is not null;
    }
}

/// <summary>What carries syslog messages.</summary>
internal enum SyslogTransport
{
    /// <summary>One datagram each (RFC 5426).</summary>
    Udp,

    /// <summary>A stream, each message with its length (RFC 6587 §3.4.1).</summary>
    Tcp,

    /// <summary>One datagram each, on this machine.</summary>
    Unix,
}
