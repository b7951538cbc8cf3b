using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.Cookies;

/// <summary>Rewrites the attributes of one Set-Cookie line (RFC 6265 §4.1). Name, value and attributes it does not know stay byte by byte.</summary>
internal sealed class CookieRewriter
{
    private readonly (byte[] From, byte[] To)[] _paths;
    private readonly (byte[] From, byte[] To)[] _domains;
    private readonly CookieName[] _names;
    private readonly bool? _secure;
    private readonly bool? _httpOnly;
    private readonly byte[]? _sameSite;

    public CookieRewriter(CookiesOptions options)
    {
        _paths = [.. options.Path.OrderByDescending(rule => rule.Key.Length).Select(rule => (Encoding.ASCII.GetBytes(rule.Key), Encoding.ASCII.GetBytes(rule.Value)))];
        _domains = [.. options.Domain.OrderBy(rule => rule.Key == "*").Select(rule => (Encoding.ASCII.GetBytes(rule.Key.TrimStart('.')), Encoding.ASCII.GetBytes(rule.Value)))];
        _names = [.. options.Names.Select(name => new CookieName(name))];
        _httpOnly = options.HttpOnly;

        // Browsers drop a cookie that goes everywhere and may go in the clear (RFC 6265bis §5.7).
        _secure = options.SameSite == SameSitePolicy.None ? true : options.Secure;
        _sameSite = options.SameSite == SameSitePolicy.Keep ? null : Encoding.ASCII.GetBytes(options.SameSite.ToString());
    }

    /// <summary>Writes the line as it shall be; false where it stays as it is.</summary>
    public bool TryRewrite(ReadOnlySpan<byte> line, ArrayBufferWriter<byte> output)
    {
        var end = line.IndexOf((byte)';');
        var pair = end < 0 ? line : line[..end];
        var equals = pair.IndexOf((byte)'=');
        var name = (equals < 0 ? pair : pair[..equals]).Trim(" \t"u8);
        if (!IsWanted(name))
        {
            return false;
        }

        // RFC 6265bis §4.1.3: a browser drops such a cookie unless it is Secure, and the second unless its path is the root and it has no domain.
        var isHostOnly = name.StartsWith("__Host-"u8);
        var isSecureByName = isHostOnly || name.StartsWith("__Secure-"u8);
        var start = output.WrittenCount;
        output.Write(pair);
        var rest = end < 0 ? default : line[(end + 1)..];
        bool isSecure = false, isHttpOnly = false;
        while (!rest.IsEmpty)
        {
            end = rest.IndexOf((byte)';');
            var attribute = (end < 0 ? rest : rest[..end]).Trim(" \t"u8);
            rest = end < 0 ? default : rest[(end + 1)..];
            equals = attribute.IndexOf((byte)'=');
            var key = (equals < 0 ? attribute : attribute[..equals]).TrimEnd(" \t"u8);
            var value = equals < 0 ? default : attribute[(equals + 1)..].TrimStart(" \t"u8);
            if (Ascii.EqualsIgnoreCase(key, "secure"u8))
            {
                isSecure = true;
            }
            else if (Ascii.EqualsIgnoreCase(key, "httponly"u8))
            {
                isHttpOnly = true;
            }
            else if (Ascii.EqualsIgnoreCase(key, "path"u8) && !isHostOnly)
            {
                WritePath(value, output);
            }
            else if (Ascii.EqualsIgnoreCase(key, "domain"u8) && !isHostOnly)
            {
                WriteDomain(value, output);
            }
            else if (_sameSite is null || !Ascii.EqualsIgnoreCase(key, "samesite"u8))
            {
                output.Write("; "u8);
                output.Write(attribute);
            }
        }

        WriteIf((_secure ?? isSecure) || (isSecure && isSecureByName), "; Secure"u8, output);
        WriteIf(_httpOnly ?? isHttpOnly, "; HttpOnly"u8, output);
        if (_sameSite is not null)
        {
            output.Write("; SameSite="u8);
            output.Write(_sameSite);
        }

        return !output.WrittenSpan[start..].SequenceEqual(line);
    }

    private static void WriteIf(bool condition, ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        if (condition)
        {
            output.Write(text);
        }
    }

    private bool IsWanted(ReadOnlySpan<byte> name)
    {
        foreach (var pattern in _names)
        {
            if (pattern.Matches(name))
            {
                return true;
            }
        }

        return _names.Length == 0;
    }

    private void WritePath(ReadOnlySpan<byte> path, ArrayBufferWriter<byte> output)
    {
        output.Write("; Path="u8);
        foreach (var (from, to) in _paths)
        {
            // On the boundary of a segment: /app is no beginning of /apple.
            if (path.StartsWith(from) && (path.Length == from.Length || from[^1] == (byte)'/' || path[from.Length] == (byte)'/'))
            {
                var tail = path[from.Length..];
                output.Write(to[^1] == (byte)'/' && tail.StartsWith("/"u8) ? to.AsSpan(0, to.Length - 1) : to);
                output.Write(to[^1] != (byte)'/' && from[^1] == (byte)'/' && !tail.IsEmpty ? "/"u8 : default);
                output.Write(tail);
                return;
            }
        }

        output.Write(path);
    }

    private void WriteDomain(ReadOnlySpan<byte> domain, ArrayBufferWriter<byte> output)
    {
        foreach (var (from, to) in _domains)
        {
            if (from is [(byte)'*'] || Ascii.EqualsIgnoreCase(domain.TrimStart((byte)'.'), from))
            {
                if (to.Length > 0)
                {
                    output.Write("; Domain="u8);
                    output.Write(to);
                }

                return;
            }
        }

        output.Write("; Domain="u8);
        output.Write(domain);
    }
}
