using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Core.Transport;

/// <summary>The PROXY protocol header an upstream connection begins with.</summary>
internal static class ProxyProtocolHead
{
    private const byte Local = 0x20, Proxy = 0x21;

    private static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <param name="version">Which form.</param>
    /// <param name="downstream">On whose behalf; null for our own, as a health check's.</param>
    public static byte[] Write(ProxyProtocolVersion version, DownstreamInfo? downstream)
    {
        var (remote, local) = (downstream?.RemoteAddress, downstream?.LocalAddress);
        if (remote is not null && local is not null && Narrow(remote).AddressFamily == Narrow(local).AddressFamily)
        {
            (remote, local) = (Narrow(remote), Narrow(local));
        }
        else if (remote is not null && local is not null)
        {
            // One header has one family: an IPv4 address has a place in IPv6 (RFC 4291 §2.5.5.2).
            (remote, local) = (remote.MapToIPv6(), local.MapToIPv6());
        }
        else
        {
            remote = local = null;
        }

        return version == ProxyProtocolVersion.V1
            ? WriteText(remote, local, downstream)
            : WriteBinary(remote, local, downstream);
    }

    private static byte[] WriteText(IPAddress? remote, IPAddress? local, DownstreamInfo? downstream) => Encoding.ASCII.GetBytes(remote is null
        ? "PROXY UNKNOWN\r\n"
        : $"PROXY {(remote.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6")} "
            + $"{Bare(remote)} {Bare(local!)} {downstream!.RemotePort} {downstream.LocalPort}\r\n");

    private static byte[] WriteBinary(IPAddress? remote, IPAddress? local, DownstreamInfo? downstream)
    {
        var size = remote is null ? 0 : remote.AddressFamily == AddressFamily.InterNetwork ? 4 : 16;
        var payload = size == 0 ? 0 : (2 * size) + 4;
        var head = new byte[16 + payload];
        Signature.CopyTo(head);
        head[12] = downstream is null ? Local : Proxy;
        head[13] = size switch { 4 => 0x11, 16 => 0x21, _ => 0x00 };
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(14), (ushort)payload);
        if (size > 0)
        {
            remote!.TryWriteBytes(head.AsSpan(16), out _);
            local!.TryWriteBytes(head.AsSpan(16 + size), out _);
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(16 + (2 * size)), (ushort)downstream!.RemotePort);
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(18 + (2 * size)), (ushort)downstream.LocalPort);
        }

        return head;
    }

    private static IPAddress Narrow(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // A zone has a meaning on this machine only.
    private static IPAddress Bare(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
