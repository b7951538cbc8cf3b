using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace FilterProxy.Host.Admin;

/// <summary>Who asks the admin API.</summary>
internal static class AdminCaller
{
    // socket(7): struct ucred of SO_PEERCRED is three 32-bit numbers: process, user, group.
    private const int SolSocket = 1, SoPeerCred = 17, UcredLength = 12;

    private static readonly string[] ForwardingFields = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"];

    /// <summary>
    /// Whether it is a process of this machine that asks by itself: what another proxy passes on comes from loopback as well, and is
    /// from anybody.
    /// </summary>
    public static bool IsLocal(HttpContext context) =>
        (context.Connection.RemoteIpAddress is not { } remote || IPAddress.IsLoopback(Plain(remote)))
        && !ForwardingFields.Any(context.Request.Headers.ContainsKey);

    /// <summary>Address and port; on a unix socket the user and process behind it.</summary>
    public static string Describe(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } remote)
        {
            return new IPEndPoint(Plain(remote), context.Connection.RemotePort).ToString();
        }

        try
        {
            Span<byte> credentials = stackalloc byte[UcredLength];
            if (context.Features.Get<IConnectionSocketFeature>()?.Socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == UcredLength)
            {
                var process = BinaryPrimitives.ReadInt32LittleEndian(credentials);
                var user = BinaryPrimitives.ReadInt32LittleEndian(credentials[4..]);
                return $"unix socket, user {user}, process {process}";
            }
        }
        catch (Exception e) when (e is SocketException or PlatformNotSupportedException or ObjectDisposedException)
        {
            // Then it is not known.
        }

        return "unix socket";
    }

    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
