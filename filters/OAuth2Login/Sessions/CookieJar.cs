using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// A value that is kept with the client in as many cookies as it needs: the first begins with their number, the others are named <c>name.1</c>, <c>name.2</c>, ….
/// Reading allocates nothing.
/// </summary>
internal sealed class CookieJar
{
    /// <summary>Bytes of one value: browsers take 4096 with name and attributes (RFC 6265bis §5.6).</summary>
    private const int Piece = 3800;

    private static readonly SearchValues<byte> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    private readonly byte[][] _names;
    private readonly string _attributes;
    private readonly string[] _removals;

    /// <param name="options">Names, attributes and limits.</param>
    public CookieJar(SessionOptions options)
    {
        // RFC 6265bis §4.1.3: such a cookie is this host's and came over TLS.
        var prefix = options.Secure && options.Domain is null ? "__Host-" : options.Secure ? "__Secure-" : "";
        Name = options.Cookie.StartsWith(prefix, StringComparison.Ordinal) ? options.Cookie : prefix + options.Cookie;
        MaxCookies = options.MaxCookies;
        _names = [.. Enumerable.Range(0, options.MaxCookies).Select(i => Encoding.ASCII.GetBytes(NameOf(i)))];
        Scope = (options.Domain is { } domain ? $"; Domain={domain}" : "") + "; Path=/" + (options.Secure ? "; Secure" : "") + "; HttpOnly";
        _attributes = $"{Scope}; SameSite={options.SameSite}";
        _removals = [.. _names.Select(name => $"{Encoding.ASCII.GetString(name)}=; Max-Age=0{_attributes}")];
    }

    /// <summary>The name, with the prefix that fits its attributes.</summary>
    public string Name { get; }

    public int MaxCookies { get; }

    /// <summary>The attributes but SameSite.</summary>
    public string Scope { get; }

    /// <summary>The most bytes a value may have.</summary>
    public int Longest => (Piece * MaxCookies) - 1;

    /// <summary>Puts the pieces together.</summary>
    /// <param name="request">The request.</param>
    /// <param name="rented">Room for them where there are several; the caller returns it to the shared pool.</param>
    /// <param name="value">The value; valid as long as the exchange and <paramref name="rented"/>.</param>
    /// <returns>Whether there is a first cookie. The value is empty where the others do not fit it.</returns>
    public bool TryRead(RequestHead request, ref byte[]? rented, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!request.TryGetCookie(_names[0], out var first) || first.IsEmpty)
        {
            return false;
        }

        var count = first[0] - '0';
        first = first[1..];
        if (count < 1 || count > MaxCookies || first.Length >= Piece)
        {
            return true;
        }

        if (count == 1)
        {
            value = first;
            return true;
        }

        rented = ArrayPool<byte>.Shared.Rent(Piece * MaxCookies);
        var length = first.Length;
        first.CopyTo(rented);
        for (var i = 1; i < count; i++)
        {
            if (!request.TryGetCookie(_names[i], out var piece) || piece.Length > Piece)
            {
                return true;
            }

            piece.CopyTo(rented.AsSpan(length));
            length += piece.Length;
        }

        value = rented.AsSpan(0, length);
        return true;
    }

    /// <summary>Adds the fields that make the client keep a value, and forget pieces of a longer one it had.</summary>
    public void Write(HttpExchange exchange, string value)
    {
        var headers = exchange.Response.Headers;
        var count = (value.Length + 1 + Piece - 1) / Piece;
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var size = Math.Min(i == 0 ? Piece - 1 : Piece, value.Length - at);
            var number = i == 0 ? count.ToString(CultureInfo.InvariantCulture) : "";
            headers.Append("set-cookie", $"{NameOf(i)}={number}{value.AsSpan(at, size)}{_attributes}");
            at += size;
        }

        RemovePieces(exchange, count);
    }

    /// <summary>Adds the fields that make the client forget it.</summary>
    public void Remove(HttpExchange exchange)
    {
        exchange.Response.Headers.Append("set-cookie", _removals[0]);
        RemovePieces(exchange, 1);
    }

    /// <summary>Whether a cookie is one of this jar, or of a login that is under way.</summary>
    public bool Owns(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(_names[0]))
        {
            return false;
        }

        var rest = name[_names[0].Length..];
        return rest.IsEmpty || rest[0] == (byte)'.' || rest.StartsWith(PendingMark);
    }

    /// <summary>Between the name and the login's own part in the names of cookies of logins that are under way.</summary>
    public static ReadOnlySpan<byte> PendingMark => "-login-"u8;

    /// <summary>What of a request's cookies upstreams may see. Writes into the request.</summary>
    public void HideFrom(RequestHead request)
    {
        var total = 0;
        var mine = false;
        foreach (var line in request.Headers.Values(KnownHeader.Cookie))
        {
            total += line.Length + 2;
            mine |= line.IndexOf(_names[0]) >= 0;
        }

        if (!mine)
        {
            return;
        }

        var kept = ArrayPool<byte>.Shared.Rent(total);
        var length = 0;
        foreach (var field in request.Headers.Values(KnownHeader.Cookie))
        {
            for (var rest = field; !rest.IsEmpty;)
            {
                var end = rest.IndexOf((byte)';');
                var pair = (end < 0 ? rest : rest[..end]).Trim((byte)' ');
                rest = end < 0 ? default : rest[(end + 1)..];
                var equals = pair.IndexOf((byte)'=');
                if (pair.IsEmpty || Owns(equals < 0 ? pair : pair[..equals]))
                {
                    continue;
                }

                if (length > 0)
                {
                    "; "u8.CopyTo(kept.AsSpan(length));
                    length += 2;
                }

                pair.CopyTo(kept.AsSpan(length));
                length += pair.Length;
            }
        }

        if (length > 0)
        {
            request.Headers.Set(KnownHeader.Cookie, kept.AsSpan(0, length));
        }
        else
        {
            request.Headers.Remove(KnownHeader.Cookie);
        }

        ArrayPool<byte>.Shared.Return(kept);
    }

    /// <summary>Bytes as text that may stand in a cookie.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>Bytes of such text; null where it is none.</summary>
    public static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        // By hand what the decoder would allow: white space and padding, which would make two texts of one value.
        if (!IsText(text))
        {
            return null;
        }

        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.DecodeFromUtf8(text, bytes, out var read, out var written) == OperationStatus.Done && read == text.Length ? bytes[..written] : null;
    }

    /// <summary>Whether there is something, and all of it of base64url's digits.</summary>
    public static bool IsText(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(Alphabet);

    private string NameOf(int piece) => piece == 0 ? Name : string.Create(CultureInfo.InvariantCulture, $"{Name}.{piece}");

    private void RemovePieces(HttpExchange exchange, int from)
    {
        for (var i = from; i < MaxCookies; i++)
        {
            if (exchange.Request.TryGetCookie(_names[i], out _))
            {
                exchange.Response.Headers.Append("set-cookie", _removals[i]);
            }
        }
    }
}
