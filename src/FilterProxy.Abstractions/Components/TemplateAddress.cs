using System.Buffers;
using System.Net;

namespace FilterProxy;

/// <summary>Operators over addresses: <c>203.0.113.9:443</c>, <c>[2001:db8::1]:443</c>.</summary>
internal static class TemplateAddress
{
    public static IPAddress? Client(this DownstreamInfo downstream) => downstream.ClientAddress ?? downstream.RemoteAddress;

    public static bool WriteClient(DownstreamInfo downstream, IBufferWriter<byte> output)
    {
        var client = downstream.Client();
        return ReferenceEquals(client, downstream.RemoteAddress) && downstream.RemoteAddressText.Length > 0
            ? output.WriteBytes(downstream.RemoteAddressText)
            : Write(client, output);
    }

    /// <summary>The client's port, or 0 where a proxy before us told the address: it does not tell the port.</summary>
    public static int ClientPort(this DownstreamInfo downstream) =>
        downstream.ClientAddress is null || downstream.ClientAddress.Equals(downstream.RemoteAddress) ? downstream.RemotePort : 0;

    public static bool Write(IPAddress? address, IBufferWriter<byte> output)
    {
        if (address is null)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (length == 4)
        {
            return WriteIPv4(bytes, output);
        }

        // A dual-mode socket sees IPv4 peers as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2); nobody wants to read them so.
        if (address.IsIPv4MappedToIPv6)
        {
            return WriteIPv4(bytes[12..], output);
        }

        address.TryFormat(output.GetSpan(64), out var written);
        output.Advance(written);
        return true;
    }

    private static bool WriteIPv4(ReadOnlySpan<byte> address, IBufferWriter<byte> output)
    {
        const int longest = 15;
        var span = output.GetSpan(longest);
        var at = 0;
        for (var i = 0; i < 4; i++)
        {
            if (i > 0)
            {
                span[at++] = (byte)'.';
            }

            int value = address[i];
            if (value >= 100)
            {
                span[at++] = (byte)('0' + (value / 100));
            }

            if (value >= 10)
            {
                span[at++] = (byte)('0' + (value / 10 % 10));
            }

            span[at++] = (byte)('0' + (value % 10));
        }

        output.Advance(at);
        return true;
    }

    public static bool Write(IPAddress? address, int port, IBufferWriter<byte> output)
    {
        if (address is null)
        {
            return false;
        }

        var brackets = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6;
        output.Write(brackets ? "["u8 : default);
        Write(address, output);
        output.Write(brackets ? "]:"u8 : ":"u8);
        return output.WriteNumber(port);
    }

    public static bool WritePort(IPAddress? address, int port, IBufferWriter<byte> output) => address is not null && output.WriteNumber(port);

    public static bool WriteEndpoint(Endpoint? endpoint, IBufferWriter<byte> output) =>
        endpoint is not null && output.WriteBytes(endpoint.AddressBytes ??= BytesOf(endpoint));

    /// <summary>The endpoint's name up to its port; an IPv6 literal keeps its brackets.</summary>
    public static bool WriteHostName(Endpoint? endpoint, IBufferWriter<byte> output)
    {
        var name = endpoint?.Name ?? "";
        var colon = name.LastIndexOf(':');
        return output.WriteText(colon > name.LastIndexOf(']') ? name.AsSpan(0, colon) : name);
    }

    private static byte[] BytesOf(Endpoint endpoint)
    {
        var text = new ArrayBufferWriter<byte>();
        switch (endpoint.Address)
        {
            case IPEndPoint ip:
                Write(ip.Address, ip.Port, text);
                break;
            case DnsEndPoint dns:
                text.WriteText(dns.Host);
                text.Write(":"u8);
                text.WriteNumber(dns.Port);
                break;
            default:
                text.WriteText(endpoint.Name);
                break;
        }

        return text.WrittenSpan.ToArray();
    }

    public static bool WriteAttempted(HttpExchange exchange, IBufferWriter<byte> output)
    {
        var any = false;
        foreach (ref readonly var attempt in exchange.Stats.Attempts)
        {
            if (attempt.Endpoint is null)
            {
                continue;
            }

            if (any)
            {
                output.Write(","u8);
            }

            any |= WriteEndpoint(attempt.Endpoint, output);
        }

        return any;
    }
}
