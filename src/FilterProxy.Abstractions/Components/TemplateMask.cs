using System.Buffers;
using System.Text;

namespace FilterProxy;

/// <summary>
/// Which secrets a <see cref="Template"/> must not print: the values of header fields, of query parameters (also within addresses in
/// header fields, such as Referer and Location) and of cookies, by name. <see cref="Hidden"/> stands in for them.
/// </summary>
/// <remarks>Names compare without case; a <c>*</c> at either end stands for anything.</remarks>
public sealed class TemplateMask
{
    private const int LongestEncodedName = 256;

    private static readonly SearchValues<byte> Separators = SearchValues.Create("&#?;"u8);
    private readonly NamePattern[] _headers, _parameters, _cookies;

    /// <summary>A mask of three lists of names.</summary>
    /// <exception cref="ArgumentException">One of them is no pattern; the message says which.</exception>
    public TemplateMask(IEnumerable<string> headers, IEnumerable<string> parameters, IEnumerable<string> cookies)
    {
        _headers = [.. headers.Select(NamePattern.Parse)];
        _parameters = [.. parameters.Select(NamePattern.Parse)];
        _cookies = [.. cookies.Select(NamePattern.Parse)];
    }

    /// <summary>What stands in for a secret.</summary>
    public static ReadOnlySpan<byte> Hidden => "***"u8;

    internal bool HidesHeader(string name) => IsHidden(_headers, Encoding.Latin1.GetBytes(name));

    internal bool HidesCookie(string name) => IsHidden(_cookies, Encoding.Latin1.GetBytes(name));

    /// <summary>Whether a parameter is secret, by its name as it stands in a query.</summary>
    internal bool HidesParameter(ReadOnlySpan<byte> name)
    {
        if (name.IndexOfAny((byte)'%', (byte)'+') < 0 || name.Length > LongestEncodedName)
        {
            return IsHidden(_parameters, name);
        }

        // What the upstream will take the name for: %74oken is token.
        Span<byte> decoded = stackalloc byte[LongestEncodedName];
        return IsHidden(_parameters, decoded[..Decode(name, decoded)]);
    }

    /// <summary>Writes an address, or any text that may hold one, without the user's name and password and secret parameters.</summary>
    internal void WriteAddress(ReadOnlySpan<byte> address, IBufferWriter<byte> output)
    {
        if (address.IndexOfAny((byte)'?', (byte)'#', (byte)'@') < 0)
        {
            output.Write(address);
            return;
        }

        var scheme = address.StartsWith((byte)'/') ? -1 : address.IndexOf("://"u8);
        if (scheme >= 0)
        {
            // RFC 3986 §3.2.1: user information ends at the last '@' of the authority.
            var authority = scheme + 3;
            var end = address[authority..].IndexOfAny("/?#"u8);
            var at = (end < 0 ? address[authority..] : address.Slice(authority, end)).LastIndexOf((byte)'@');
            if (at >= 0)
            {
                output.Write(address[..authority]);
                output.Write(Hidden);
                address = address[(authority + at)..];
            }
        }

        // Answers of logins may carry tokens in the fragment.
        var parameters = address.IndexOfAny((byte)'?', (byte)'#') + 1;
        output.Write(parameters == 0 ? address : address[..parameters]);
        if (parameters > 0)
        {
            WriteParameters(address[parameters..], output);
        }
    }

    /// <summary>Writes a query without the values of secret parameters.</summary>
    internal void WriteParameters(ReadOnlySpan<byte> query, IBufferWriter<byte> output)
    {
        var (written, at) = (0, 0);
        while (at < query.Length)
        {
            var rest = query[at..];
            var end = rest.IndexOfAny(Separators);
            var pair = end < 0 ? rest : rest[..end];
            var equals = pair.IndexOf((byte)'=');
            if (equals >= 0 && HidesParameter(pair[..equals]))
            {
                // A ';' or '?' may be part of the value: only what ends it for every reader ends what is hidden.
                output.Write(query[written..(at + equals + 1)]);
                output.Write(Hidden);
                end = rest.IndexOfAny((byte)'&', (byte)'#');
                written = end < 0 ? query.Length : at + end;
            }

            at = end < 0 ? query.Length : at + end + 1;
        }

        output.Write(query[written..]);
    }

    private static bool IsHidden(NamePattern[] patterns, ReadOnlySpan<byte> name)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.Matches(name))
            {
                return true;
            }
        }

        return false;
    }

    private static int Decode(ReadOnlySpan<byte> name, Span<byte> decoded)
    {
        var length = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == (byte)'%' && i + 2 < name.Length && char.IsAsciiHexDigit((char)name[i + 1]) && char.IsAsciiHexDigit((char)name[i + 2]))
            {
                decoded[length++] = (byte)((HexValue(name[i + 1]) << 4) | HexValue(name[i + 2]));
                i += 2;
            }
            else
            {
                decoded[length++] = name[i] == (byte)'+' ? (byte)' ' : name[i];
            }
        }

        return length;
    }

    private static int HexValue(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
