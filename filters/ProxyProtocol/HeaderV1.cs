using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>Version 1: a line of text, <c>PROXY TCP4 192.0.2.1 198.51.100.1 56324 443</c>.</summary>
internal static class HeaderV1
{
    /// <summary>Most bytes of one, its CRLF included.</summary>
    public const int MaxLength = 107;

    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create("0123456789abcdefABCDEF:.");

    public static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    /// <param name="head">The first bytes of the connection, at most <see cref="MaxLength"/>; they begin with <see cref="Prefix"/>.</param>
    /// <param name="sender">Who is connected.</param>
    /// <param name="header">The header, when complete.</param>
    /// <param name="length">Its bytes, when complete.</param>
    public static HeaderStatus Read(ReadOnlySpan<byte> head, EndPoint? sender, out ProxyProtocolHeader? header, out int length)
    {
        (header, length) = (null, 0);
        var end = head.IndexOfAnyExceptInRange((byte)' ', (byte)'~');
        if (end < 0)
        {
            return head.Length < MaxLength ? HeaderStatus.NeedMore : HeaderStatus.TooLarge;
        }

        if (head[end] != '\r')
        {
            return HeaderStatus.Malformed;
        }

        if (end + 1 == head.Length)
        {
            return head.Length < MaxLength ? HeaderStatus.NeedMore : HeaderStatus.TooLarge;
        }

        if (head[end + 1] != '\n')
        {
            return HeaderStatus.Malformed;
        }

        length = end + 2;
        header = Parse(Encoding.ASCII.GetString(head[Prefix.Length..end]), sender);
        return header is null ? HeaderStatus.Malformed : HeaderStatus.Complete;
    }

    private static ProxyProtocolHeader? Parse(string line, EndPoint? sender)
    {
        var words = line.Split(' ');
        if (words[0] == "UNKNOWN")
        {
            // What else stands there is to be ignored.
            return new ProxyProtocolHeader { Version = 1, Sender = sender };
        }

        AddressFamily? family = words[0] switch
        {
            "TCP4" => AddressFamily.InterNetwork,
            "TCP6" => AddressFamily.InterNetworkV6,
            _ => null,
        };
        return family is { } known && words.Length == 5
            && ParseAddress(words[1], known) is { } source && ParseAddress(words[2], known) is { } destination
            && ParsePort(words[3]) is { } sourcePort && ParsePort(words[4]) is { } destinationPort
            ? new ProxyProtocolHeader
            {
                Version = 1,
                Sender = sender,
                Source = new IPEndPoint(source, sourcePort),
                Destination = new IPEndPoint(destination, destinationPort),
            }
            : null;
    }

    /// <summary>Strictly: <see cref="IPAddress"/> takes <c>1</c>, <c>0x7f.1</c>, zones and brackets for addresses too.</summary>
    private static IPAddress? ParseAddress(string text, AddressFamily family)
    {
        if (family == AddressFamily.InterNetwork)
        {
            var parts = text.Split('.');
            Span<byte> bytes = stackalloc byte[4];
            if (parts.Length != bytes.Length)
            {
                return null;
            }

            for (var i = 0; i < bytes.Length; i++)
            {
                if (ParseNumber(parts[i], byte.MaxValue) is not { } part)
                {
                    return null;
                }

                bytes[i] = (byte)part;
            }

            return new IPAddress(bytes);
        }

        return text.AsSpan().IndexOfAnyExcept(AddressCharacters) < 0 && text.Contains(':', StringComparison.Ordinal)
            && IPAddress.TryParse(text, out var address) && address.AddressFamily == family
            ? address
            : null;
    }

    private static int? ParsePort(string text) => ParseNumber(text, ushort.MaxValue);

    /// <summary>Decimal digits without a leading zero.</summary>
    private static int? ParseNumber(string text, int max)
    {
        if (text.Length is 0 or > 5 || (text[0] == '0' && text.Length > 1))
        {
            return null;
        }

        var value = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return null;
            }

            value = (value * 10) + (digit - '0');
        }

        return value <= max ? value : null;
    }
}
