using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Egress;

/// <summary>The head of a CONNECT request (RFC 9112 §3.2.3): strictly, since nobody behind reads it again.</summary>
/// <param name="Status">200, or what it is answered with.</param>
/// <param name="Destination">Where to, when it is good.</param>
/// <param name="Credentials">Of Basic in <c>Proxy-Authorization</c>, decoded; null for none.</param>
internal sealed record ConnectRequest(int Status, Destination? Destination = null, byte[]? Credentials = null)
{
    /// <returns>The bytes of the head; 0 while it is not complete.</returns>
    public static int Read(ReadOnlySpan<byte> received, int largest, out ConnectRequest? request)
    {
        request = null;
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            // What is no HTTP at all is not waited for.
            if (received.Length > largest || received.ContainsAnyInRange((byte)0, (byte)8))
            {
                request = new ConnectRequest(received.Length > largest ? 431 : 400);
                return received.Length;
            }

            return 0;
        }

        request = Parse(Encoding.Latin1.GetString(received[..end]).Split("\r\n"));
        return end + 4;
    }

    private static ConnectRequest Parse(string[] lines)
    {
        var words = lines[0].Split(' ');
        if (words is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"] || lines.Any(line => line.Any(c => c is '\r' or '\n' or '\0')))
        {
            return new ConnectRequest(400);
        }

        if (method != "CONNECT")
        {
            return new ConnectRequest(405);
        }

        var colon = target.LastIndexOf(':');
        var destination = colon > 0 && int.TryParse(target.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? Destination.Of(target[..colon], port)
            : null;
        byte[]? credentials = null;
        foreach (var line in lines.Skip(1))
        {
            var name = line.AsSpan(0, Math.Max(0, line.IndexOf(':', StringComparison.Ordinal)));
            if (name.IsEmpty || name.ContainsAny(' ', '\t'))
            {
                return new ConnectRequest(400);
            }

            // RFC 9110 §9.3.6: content has no meaning here, and what follows the head belongs to the destination.
            if (name.Equals("content-length", StringComparison.OrdinalIgnoreCase) || name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase))
            {
                return new ConnectRequest(400);
            }

            if (name.Equals("proxy-authorization", StringComparison.OrdinalIgnoreCase))
            {
                credentials = Decode(line.AsSpan(name.Length + 1).Trim());
            }
        }

        return destination is null ? new ConnectRequest(400) : new ConnectRequest(200, destination, credentials);
    }

    private static byte[]? Decode(ReadOnlySpan<char> value)
    {
        const string Scheme = "Basic ";
        if (!value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[value.Length];
        return Convert.TryFromBase64Chars(value[Scheme.Length..].Trim(), bytes, out var length) ? bytes[..length] : null;
    }
}
