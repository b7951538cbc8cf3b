namespace FilterProxy.Core.Routing;

/// <summary>Host and port of an authority, as slices of it.</summary>
internal readonly ref struct AuthorityParts
{
    /// <summary>No port, or none that is a number up to 65535.</summary>
    public const int NoPort = -1;

    public AuthorityParts(ReadOnlySpan<byte> authority)
    {
        // An IPv6 literal holds colons of its own; the port's comes after the bracket (RFC 3986 §3.2.2).
        var bracket = authority.StartsWith("["u8) ? authority.IndexOf((byte)']') : -1;
        var colon = authority[(bracket + 1)..].IndexOf((byte)':');
        Host = colon < 0 ? authority : authority[..(bracket + 1 + colon)];
        Port = colon < 0 ? NoPort : ParsePort(authority[(bracket + 2 + colon)..]);

        // "example.com." is the same host, fully qualified.
        if (Host.EndsWith("."u8))
        {
            Host = Host[..^1];
        }
    }

    /// <summary>The host in the case it was sent, IPv6 literals with their brackets, without a trailing dot.</summary>
    public ReadOnlySpan<byte> Host { get; }

    public int Port { get; }

    private static int ParsePort(ReadOnlySpan<byte> digits)
    {
        var port = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return NoPort;
            }

            port = (port * 10) + (digit - '0');
            if (port > ushort.MaxValue)
            {
                return NoPort;
            }
        }

        return digits.IsEmpty ? NoPort : port;
    }
}
