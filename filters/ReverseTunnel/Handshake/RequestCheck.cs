using FilterProxy.Filters.ReverseTunnel.Identity;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Says whether a request asks for a tunnel in the way the server wants, before it is looked at who asks.</summary>
internal static class RequestCheck
{
    /// <summary>What is wrong with a request; null for nothing.</summary>
    public static HandshakeRefusal? Check(HandshakeHead head, TunnelHandshakeOptions options)
    {
        if (head.StartLine.Split(' ') is not [var method, var target, "HTTP/1.1"] || !head.TryGetOne("host", out var host) || host is null)
        {
            // RFC 9112 §3, §3.2
            return Refuse(400, "tunnel_malformed", "its first line is none of HTTP/1.1, or it has not one Host");
        }

        // A body would stand where the tunnel's bytes are expected (RFC 9112 §6).
        if (head.Values("transfer-encoding").Any() || head.Values("content-length").Any(length => length != "0"))
        {
            return Refuse(400, "tunnel_malformed", "it has a body");
        }

        if (method != options.Method || target != options.Path)
        {
            return Refuse(404, "tunnel_not_found", "Not a reverse tunnel request");
        }

        return options.Upgrade == UpgradeUse.Require && !AsksForUpgrade(head) ? Refuse(426, "tunnel_upgrade_required", "it must ask by Upgrade") : null;
    }

    /// <summary>Whether it asks by Upgrade (RFC 9110 §7.8).</summary>
    public static bool AsksForUpgrade(HandshakeHead head) => head.Lists("connection", "upgrade") && head.Lists("upgrade", Fields.UpgradeProtocol);

    /// <summary>What is wrong with what it calls this server; null for nothing.</summary>
    public static HandshakeRefusal? CheckServer(TunnelHello hello, TunnelHandshakeOptions options) =>
        options.RequiredServer is { } required && hello.Server != required
            ? Refuse(400, "tunnel_server_mismatch", $"it wants '{TunnelIdentity.Show(hello.Server)}', this server is '{required}'")
            : null;
}
